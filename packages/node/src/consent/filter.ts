/**
 * Which of a patient's resources a decision covers, as an expression over facts that the vault keeps in its indexes.
 * The decision engine makes filters, the vault turns them into SQL and nothing else, and `matches` evaluates the same
 * expression in memory; a property test holds both to the same answer.
 */
import type { Coding } from '@medplum/fhirtypes'

/** A code with its system; an absent system matches any. */
export type Code = Pick<Coding, 'system' | 'code'> & { readonly code: string }

export type DataFilter =
  | { readonly op: 'all' }
  | { readonly op: 'none' }
  | { readonly op: 'and' | 'or'; readonly of: readonly DataFilter[] }
  | { readonly op: 'not'; readonly of: DataFilter }
  /** The resource's type is one of these. */
  | { readonly op: 'type'; readonly types: readonly string[] }
  /** `meta.security` holds one of these; a resource without a confidentiality label counts as N (normal). */
  | { readonly op: 'label'; readonly labels: readonly Code[] }
  /** The resource holds one of these codes in any of its coded elements. */
  | { readonly op: 'code'; readonly codes: readonly Code[] }
  /** The resource's clinical date overlaps the period; milliseconds since 1970, both ends inclusive, null for open. */
  | { readonly op: 'period'; readonly startMs: number | null; readonly endMs: number | null }
  /** The resource is this one (`Type/id`). */
  | { readonly op: 'instance'; readonly reference: string }
  /** The resource is this one or refers to it. */
  | { readonly op: 'related'; readonly reference: string }
  /** The resource is this one or is referred to by it or refers to it: its dependents. */
  | { readonly op: 'dependents'; readonly reference: string }
  /** The resource names this author (`Type/id`) in an element that records authorship. */
  | { readonly op: 'author'; readonly reference: string }

/** What the vault knows of one resource, enough to evaluate a filter in memory. */
export interface ResourceFacts {
  readonly type: string
  readonly id: string
  readonly labels: readonly Code[]
  readonly codes: readonly Code[]
  /** Clinical date as a range in milliseconds since 1970; null when the resource has none. */
  readonly clinical: { readonly startMs: number; readonly endMs: number } | null
  readonly references: readonly string[]
  readonly authors: readonly string[]
}

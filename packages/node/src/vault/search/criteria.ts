/** What a search asks for, parsed and typed: the `criteria` of a SearchRequest. All criteria must hold. */
import type { DateRange } from '../index/dates.ts'
import type { PathUse } from '../index/paths.ts'

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'

/** `system`: undefined for any, null for none; `code`: undefined for any of the system. */
export interface TokenValue {
  readonly kind: 'token'
  readonly system: string | null | undefined
  readonly code: string | undefined
}
/** The start of a text associated with a code, folded. */
export interface TokenTextValue {
  readonly kind: 'token-text'
  readonly start: string
}
export interface StringValue {
  readonly kind: 'string'
  readonly match: 'start' | 'contains' | 'exact'
  readonly text: string
}
export interface DateValue extends DateRange {
  readonly kind: 'date'
  readonly prefix: Prefix
}
/** `value` is the number itself, `low` and `high` the range that its precision stands for. */
export interface QuantityValue {
  readonly kind: 'quantity'
  readonly prefix: Prefix
  readonly value: number
  readonly low: number
  readonly high: number
  readonly system: string | undefined
  readonly code: string | undefined
}
export interface UriValue {
  readonly kind: 'uri'
  readonly match: 'exact' | 'below' | 'above' | 'canonical'
  readonly uri: string
}
/** A resource of one of `types` with this id. */
export interface ReferenceValue {
  readonly kind: 'reference'
  readonly types: readonly string[]
  readonly id: string
}
export type Value = TokenValue | TokenTextValue | StringValue | DateValue | QuantityValue | UriValue | ReferenceValue

/** Any of `values` under any of `uses`. */
export interface ValuesCriterion {
  readonly kind: 'values'
  readonly uses: readonly PathUse[]
  readonly values: readonly Value[]
  /** True for `:not`: no value of the resource may match. */
  readonly negated: boolean
}
/** Any of `alternatives`, each with one value for each of its components. */
export interface CompositeCriterion {
  readonly kind: 'composite'
  readonly alternatives: readonly (readonly {
    readonly uses: readonly PathUse[]
    readonly value: Value
    readonly correlated: boolean
  }[])[]
}
export type Criterion =
  | ValuesCriterion
  | CompositeCriterion
  | { readonly kind: 'id'; readonly ids: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'updated'; readonly values: readonly DateValue[] }
  | { readonly kind: 'missing'; readonly uses: readonly PathUse[]; readonly missing: boolean }
  | { readonly kind: 'never'; readonly never: boolean }
  /** Refers, under one of `uses`, to a resource of the type that satisfies the criterion. */
  | {
      readonly kind: 'chain'
      readonly links: readonly {
        readonly uses: readonly PathUse[]
        readonly type: string
        readonly criterion: Criterion
      }[]
    }
  /** Is referred to, under one of `uses`, by a resource of the type that satisfies the criterion. */
  | { readonly kind: 'has'; readonly uses: readonly PathUse[]; readonly type: string; readonly criterion: Criterion }
  /** Belongs to the record of this patient (id). */
  | { readonly kind: 'compartment'; readonly patient: string }
  /** Has a clinical date that overlaps, or none. */
  | { readonly kind: 'clinical'; readonly startMs: number | null; readonly endMs: number | null }

export interface SortKey {
  readonly by: 'id' | 'updated' | 'token' | 'string' | 'date' | 'quantity' | 'uri' | 'reference'
  readonly uses: readonly PathUse[]
  readonly descending: boolean
}

/** `uses` null for every search parameter; `source` null for every type; `target` null for any. */
export interface Include {
  readonly reverse: boolean
  readonly iterate: boolean
  readonly source: string | null
  readonly uses: readonly PathUse[] | null
  readonly target: string | null
}

export interface ParsedSearch {
  /** Null for all types. */
  readonly types: readonly string[] | null
  readonly criteria: readonly Criterion[]
  readonly sort: readonly SortKey[]
  readonly includes: readonly Include[]
  readonly cursor: string | null
  /** The query without paging, to which cursors are bound. */
  readonly query: string
}

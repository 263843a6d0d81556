/** The standard's definitions as compacted by `generate-definitions.ts`, read once per process. */
import { readFileSync } from 'node:fs'

export type SearchType =
  | 'token'
  | 'string'
  | 'reference'
  | 'date'
  | 'number'
  | 'quantity'
  | 'uri'
  | 'composite'
  | 'special'

/** One SearchParameter. `target` is there for references, `component` for composites (its code and its path). */
export interface SearchDefinition {
  readonly code: string
  readonly type: SearchType
  readonly base: readonly string[]
  readonly expression: string
  readonly target?: readonly string[]
  readonly component?: readonly { readonly code: string; readonly expression: string }[]
}

/** The codes of a required binding; `system` is '' when they come from several. */
export interface CodeList {
  readonly system: string
  readonly codes: readonly string[]
}

/**
 * `types` maps each complex type, resource and backbone element (named by its path) to its elements, each written
 * `Type`, `A|B` for a choice, `Reference(A,B)` for types of target, with `*` for a list, `!` for required, `^` for part of the summary, `:list` for required
 * codes.
 */
export interface Definitions {
  readonly resources: readonly string[]
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly codes: Readonly<Record<string, CodeList>>
  /** Invariants of severity error by type and key, as FHIRPath: those that are checked by interpreting them. */
  readonly invariants: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly search: readonly SearchDefinition[]
  /** The Patient compartment: search parameters that tie a resource of this type to a patient. */
  readonly compartment: Readonly<Record<string, readonly string[]>>
}

export const definitions: Definitions = JSON.parse(
  readFileSync(new URL('./definitions.generated.json', import.meta.url), 'utf8'),
) as Definitions

/** Resource types of R4 in the order of the standard; the position plus one is the type's number in the index. */
const TYPE_NUMBERS = new Map([...definitions.resources].sort().map((type, position) => [type, position + 1]))
const TYPE_NAMES = [...TYPE_NUMBERS.keys()]

export function isResourceType(type: string): boolean {
  return TYPE_NUMBERS.has(type)
}

/** The number of a resource type in the index; 0 for what is no resource type. */
export function typeNumber(type: string): number {
  return TYPE_NUMBERS.get(type) ?? 0
}

export function typeOfNumber(number: number): string {
  return TYPE_NAMES[number - 1] as string
}

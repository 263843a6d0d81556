/**
 * A permit is the only thing that opens the vault, and only the decision engine makes one: mint.ts may be
 * imported by consent/ alone (a dependency rule checks it), and the type cannot be built from outside.
 */
import type { DataFilter } from './filter.ts'

/**
 * What a permit covers. `files` holds the filter of each patient (by Patient id) for whom the decision says something
 * of its own; `others` is the answer for every patient not named there; `general` opens resources that belong to no
 * patient (directories, medications).
 */
export interface Scope {
  readonly files: ReadonlyMap<string, DataFilter>
  readonly others: 'all' | 'none'
  readonly general: boolean
}

export type { Permit } from './mint.ts'

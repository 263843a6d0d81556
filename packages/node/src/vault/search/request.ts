/**
 * A search, parsed (FHIR R4 section 3.1.1). The parser turns the query string into this against the standard's own
 * SearchParameter definitions; execution turns this into SQL. Both ends are bounded by `limits.ts`.
 */
import type { StoredVersion } from '../vault.ts'

/** A search as parsed by `parseSearch`; opaque to the HTTP layer but for what it must echo. */
export interface SearchRequest {
  readonly type: string | null
  /** The parameters as applied, in a stable order, for the self link. */
  readonly applied: readonly (readonly [name: string, value: string])[]
  /** Ids of the patients that the query names itself (`patient=`, `subject=`, `_id` on Patient, compartment). */
  readonly patients: readonly string[]
  readonly count: number
  readonly total: 'none' | 'estimate' | 'accurate'
  readonly summary: 'true' | 'text' | 'data' | 'count' | 'false'
  readonly elements: readonly string[]
  readonly criteria: unknown
}

/** One page; `total` is given when asked for, and counts only what the permit covers. */
export interface SearchPage {
  readonly total: number | undefined
  readonly matches: readonly StoredVersion[]
  readonly included: readonly StoredVersion[]
  /** Of a search that only counts: ids of the patients whose resources it counted, unless they are too many. */
  readonly counted?: readonly string[]
  /** Continues the search; null on the last page. */
  readonly next: string | null
}

/**
 * The member's own FHIR store. Reading takes a {@link Permit} and filters inside the query, so that no total, include,
 * chain, history or page can tell of what the permit does not cover. Writing takes resources that the FHIR layer has
 * parsed, and stores version, indexes and commitment in one transaction.
 */
import type { Resource } from '@medplum/fhirtypes'
import type { Permit } from '../consent/permit.ts'
import type { NumberSpellings } from './fhir-json.ts'
import type { SearchPage, SearchRequest } from './search/request.ts'

/** One version as it is stored. `text` is the exact JSON that was committed; empty for a deletion. */
export interface StoredVersion {
  readonly type: string
  readonly id: string
  /** Versions of an instance count from 1. */
  readonly version: string
  readonly lastUpdatedMs: number
  readonly deleted: boolean
  /** How it came to be, for history entries. */
  readonly method: 'POST' | 'PUT' | 'DELETE'
  /** In a history: true where the version before it was a deletion. */
  readonly revives?: boolean
  /** Id of the Patient under whose key it is kept: the first of `patients`, or null. */
  readonly patient: string | null
  /** Ids of all Patients whose records it belongs to (the Patient compartment of FHIR R4); empty for none. */
  readonly patients: readonly string[]
  readonly text: string
  /** See core's `commitVersion`; 32 bytes. `salt` (16 bytes) opens it: it goes only where the text may go. */
  readonly commitment: Uint8Array
  readonly salt: Uint8Array
}

/** A page of history, newest first; `next` continues it. `total` is undefined where counting would open every body. */
export interface HistoryPage {
  readonly total: number | undefined
  readonly versions: readonly StoredVersion[]
  readonly next: string | null
}

export interface HistoryRequest {
  readonly type?: string
  readonly id?: string
  readonly sinceMs?: number
  readonly atMs?: number
  readonly count: number
  readonly cursor?: string
}

export interface VaultReader {
  /** The current version, deleted ones included; undefined when absent or not covered, which look the same. */
  read(permit: Permit, type: string, id: string): Promise<StoredVersion | undefined>
  vread(permit: Permit, type: string, id: string, version: string): Promise<StoredVersion | undefined>
  history(permit: Permit, request: HistoryRequest): Promise<HistoryPage>
  search(permit: Permit, request: SearchRequest): Promise<SearchPage>
  /** Every current resource of one patient's record, in pages: the compartment of `$everything`. */
  everything(permit: Permit, patient: string, request: SearchRequest): Promise<SearchPage>
}

/**
 * One change. `put` stores `resource` under its own type and id as the next version; `spellings` of `parseFhirJson`
 * keep the spelling of its numbers, as long as the objects that hold them are the ones that were parsed. `ifVersion`
 * refuses the change unless the current version is that one (`0`: must not exist).
 */
export type Change =
  | {
      readonly kind: 'put'
      readonly resource: Resource & { id: string }
      readonly spellings?: NumberSpellings
      readonly ifVersion?: string
      readonly method: 'POST' | 'PUT'
    }
  | { readonly kind: 'delete'; readonly type: string; readonly id: string; readonly ifVersion?: string }

export interface VaultWriter {
  /**
   * Applies all changes or none; resolves once durable, to the versions in the order of the changes.
   * @throws SalusError `version-conflict`, `cross-patient-reference`, `patient-erased`, `resource-absent` (a deletion
   *   of what is not there), `resource-repeated` (two changes of one resource)
   */
  write(changes: readonly Change[]): Promise<readonly StoredVersion[]>
  /** Destroys the patient's data key, bodies and indexes. Commitments and counters stay. */
  erase(patient: string): Promise<void>
}

/** Rows of `vault_version` as they are read, and opened into what the vault hands out. */
import type { Resource } from '@medplum/fhirtypes'
import type { Queries } from '../db/database.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { DataKeys } from './data-keys.ts'
import { typeOfNumber } from './definitions/definitions.ts'
import { openBody } from './envelope.ts'
import { mentionsOf } from './index/facts.ts'
import { compartmentPatients } from './owners.ts'
import { ownersOf } from './owners-of.ts'
import type { StoredVersion } from './vault.ts'

/** What opening a version takes; `base` is the vault's own FHIR URL. */
export interface OpeningParts {
  readonly read: Queries
  readonly dataKeys: DataKeys
  readonly base: string
}

export interface VersionRow {
  readonly seq: number
  readonly key: number
  readonly type: number
  readonly id: string
  readonly version: number
  readonly updated_ms: number
  readonly method: StoredVersion['method']
  readonly patient: number | null
  readonly patient_id: string | null
  readonly commitment: Uint8Array
  readonly body: Uint8Array | null
  /** Of the resource as it is now: its version, and 1 when it belongs to several patients. */
  readonly current_seq: number
  readonly shared: number
  /** In a history: how the version before it came to be. */
  readonly before?: StoredVersion['method'] | null
}

/**
 * Columns of a {@link VersionRow}, from a resource `r`, a version `v`, and the patient `p` whose record it belongs to:
 * the one under whose key it was written, or who came to own the resource later.
 */
export const VERSION_COLUMNS: Sql = sql.raw(`v.seq, r.key, r.type, r.id, v.version, v.updated_ms, v.method, v.patient,
  p.id AS patient_id, v.commitment, v.body, r.seq AS current_seq, r.shared`)

export const OWNER_JOIN: Sql = sql.raw('LEFT JOIN vault_resource p ON p.key = coalesce(v.patient, r.patient)')

/** The version of a row; undefined when it was erased. */
export async function openVersion(parts: OpeningParts, row: VersionRow): Promise<StoredVersion | undefined> {
  const key = row.body && (await parts.dataKeys.find(parts.read, row.patient ?? 0))
  if (!row.body || !key) return undefined
  const type = typeOfNumber(row.type)
  const version = String(row.version)
  const { text, salt } = openBody(key, type, row.id, version, row.body)
  return {
    type,
    id: row.id,
    version,
    lastUpdatedMs: row.updated_ms,
    deleted: row.method === 'DELETE',
    method: row.method,
    ...(row.before === 'DELETE' ? { revives: true } : {}),
    patient: row.patient_id,
    patients: row.patient_id === null ? [] : await patientsOf(parts, row, row.patient_id, text),
    text,
    commitment: row.commitment,
    salt,
  }
}

/**
 * All owners. An earlier version says itself whose it is, or refers to resources whose owners it inherits; the rest
 * belong to those that the resource has now.
 */
async function patientsOf(
  { read, base }: OpeningParts,
  row: VersionRow,
  first: string,
  text: string,
): Promise<readonly string[]> {
  if (row.seq !== row.current_seq && text !== '') {
    const resource = JSON.parse(text) as Resource & { id: string }
    const named = compartmentPatients(resource, base)
    const owners = named.length > 0 ? named : await inheritedOwners(read, resource, base)
    if (owners.length > 0) return [...new Set([first, ...owners])]
  }
  if (row.shared === 0) return [first]
  const sql = 'SELECT p.id FROM vault_shared s JOIN vault_resource p ON p.key = s.patient WHERE s.resource = ?'
  const owners = await read.all<{ id: string }>(sql, [row.key])
  return [...new Set([first, ...owners.map(({ id }) => id)])]
}

async function inheritedOwners(read: Queries, resource: Resource, base: string): Promise<readonly string[]> {
  const owners: string[] = []
  for (const reference of mentionsOf(resource, base).references) {
    const slash = reference.indexOf('/')
    owners.push(...((await ownersOf(read, reference.slice(0, slash), reference.slice(slash + 1))) ?? []))
  }
  return owners
}

export async function openVersions(parts: OpeningParts, rows: readonly VersionRow[]): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = []
  for (const row of rows) {
    const version = await openVersion(parts, row)
    if (version) versions.push(version)
  }
  return versions
}

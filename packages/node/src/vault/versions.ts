/** Rows of `vault_version` as they are read, and opened into what the vault hands out. */
import type { Queries } from '../db/database.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { DataKeys } from './data-keys.ts'
import { typeOfNumber } from './definitions/definitions.ts'
import { openBody } from './envelope.ts'
import type { StoredVersion } from './vault.ts'

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
}

/**
 * Columns of a {@link VersionRow}, from a resource `r`, a version `v`, and the patient `p` whose record it belongs to:
 * the one under whose key it was written, or who came to own the resource later.
 */
export const VERSION_COLUMNS: Sql = sql.raw(`v.seq, r.key, r.type, r.id, v.version, v.updated_ms, v.method, v.patient,
  p.id AS patient_id, v.commitment, v.body`)

export const OWNER_JOIN: Sql = sql.raw('LEFT JOIN vault_resource p ON p.key = coalesce(v.patient, r.patient)')

/** The version of a row; undefined when it was erased. */
export async function openVersion(
  queries: Queries,
  dataKeys: DataKeys,
  row: VersionRow,
): Promise<StoredVersion | undefined> {
  const key = row.body && (await dataKeys.find(queries, row.patient ?? 0))
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
    patient: row.patient_id,
    text,
    commitment: row.commitment,
    salt,
  }
}

export async function openVersions(
  queries: Queries,
  dataKeys: DataKeys,
  rows: readonly VersionRow[],
): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = []
  for (const row of rows) {
    const version = await openVersion(queries, dataKeys, row)
    if (version) versions.push(version)
  }
  return versions
}

/**
 * Tables of the vault.
 *
 * `vault_resource` has a row for each resource that is stored or referred to; its `key` stands for the resource
 * everywhere else. `vault_version` holds every version: its commitment in clear, its body compressed and encrypted.
 * The index tables hold what can be searched for in the current versions, IN CLEAR, because SQL has to compare it: who
 * can read the database file can read those values, though no bodies. Erasing a patient deletes them; `secure_delete`
 * overwrites the pages they stood on. Put the file on an encrypted volume to protect it at rest.
 *
 * Index rows are clustered by resource, so that checking a candidate or removing old rows is one short scan; one
 * secondary index in the order of the values serves searches. `path` numbers the FHIRPath that found the value
 * (index/paths.ts).
 */
import type { Ddl } from '../db/database.ts'

/** `vault_resource.state`. */
export const STATE = { mentioned: 0, current: 1, deleted: 2, erased: 3 } as const

/** `vault_resource.label`: what the resource's security labels make of it, so that most need no look at them. */
export const LABEL = { none: 0, other: 1, confidentiality: 2 } as const

export const vaultDdl: Ddl = [
  `CREATE TABLE IF NOT EXISTS vault_resource (
    key INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
    version INTEGER NOT NULL, updated_ms BIGINT NOT NULL, seq BIGINT NOT NULL,
    patient INTEGER, shared INTEGER NOT NULL, label INTEGER NOT NULL,
    clinical_start_ms BIGINT, clinical_end_ms BIGINT)`,
  'CREATE UNIQUE INDEX IF NOT EXISTS vault_resource_id ON vault_resource (type, id)',
  'CREATE INDEX IF NOT EXISTS vault_resource_type ON vault_resource (type, state, key)',
  'CREATE INDEX IF NOT EXISTS vault_resource_updated ON vault_resource (type, updated_ms)',
  'CREATE INDEX IF NOT EXISTS vault_resource_patient ON vault_resource (patient, type, key) WHERE patient IS NOT NULL',
  // Every patient of a resource that belongs to several records; `vault_resource.patient` is the first of them.
  `CREATE TABLE IF NOT EXISTS vault_shared (
    resource INTEGER NOT NULL, patient INTEGER NOT NULL, PRIMARY KEY (resource, patient))`,
  'CREATE INDEX IF NOT EXISTS vault_shared_patient ON vault_shared (patient, resource)',
  `CREATE TABLE IF NOT EXISTS vault_version (
    seq INTEGER PRIMARY KEY, resource INTEGER NOT NULL, type INTEGER NOT NULL, version INTEGER NOT NULL,
    updated_ms BIGINT NOT NULL, method TEXT NOT NULL, patient INTEGER, commitment BLOB NOT NULL, body BLOB)`,
  'CREATE UNIQUE INDEX IF NOT EXISTS vault_version_resource ON vault_version (resource, version)',
  'CREATE INDEX IF NOT EXISTS vault_version_type ON vault_version (type, seq)',
  'CREATE INDEX IF NOT EXISTS vault_version_patient ON vault_version (patient, seq) WHERE patient IS NOT NULL',
  // Data keys, wrapped by the node's master key; patient 0 is the key of what belongs to nobody.
  'CREATE TABLE IF NOT EXISTS vault_key (patient INTEGER PRIMARY KEY, wrapped BLOB NOT NULL)',
  'CREATE TABLE IF NOT EXISTS vault_system (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE)',
  ...index('token', 'system INTEGER, code TEXT NOT NULL, text TEXT, coding INTEGER NOT NULL', 'path, code, system'),
  ...index('string', 'folded TEXT NOT NULL, exact TEXT NOT NULL', 'path, folded'),
  ...index('reference', 'target INTEGER NOT NULL', 'target, path'),
  ...index('date', 'start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL', 'path, start_ms, end_ms'),
  ...index(
    'quantity',
    'low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, system INTEGER, code TEXT, unit TEXT',
    'path, low, high',
  ),
  ...index('uri', 'value TEXT NOT NULL', 'path, value'),
]

function index(kind: string, columns: string, order: string): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS vault_${kind} (
      resource INTEGER NOT NULL, path INTEGER NOT NULL, n INTEGER NOT NULL, place INTEGER NOT NULL, ${columns},
      PRIMARY KEY (resource, path, n)) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS vault_${kind}_value ON vault_${kind} (${order}, resource)`,
  ]
}

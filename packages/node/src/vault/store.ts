/** Opens the vault over the node's database: a reader that asks for permits, and a writer. */
import type { Database } from '../db/database.ts'
import { Cursors } from './cursor.ts'
import { DataKeys } from './data-keys.ts'
import type { KeyRing } from './keys.ts'
import { Reader } from './reader.ts'
import { SystemNumbers } from './system-numbers.ts'
import type { VaultReader, VaultWriter } from './vault.ts'
import { type OnVersions, Writer } from './writer.ts'

export { vaultDdl } from './schema.ts'

export interface VaultOptions {
  /** Opened with `vaultDdl` among its tables. The vault does not close it. */
  readonly database: Database
  readonly keyRing: KeyRing
  /** The node's FHIR URL without a final slash: absolute references below it are local. */
  readonly baseUrl?: string
  /** Runs inside the transaction of each write: what it writes stands or falls with the versions. */
  readonly onVersions?: OnVersions
  readonly now?: () => number
}

export interface Vault {
  readonly reader: VaultReader
  readonly writer: VaultWriter
}

export async function openVault(options: VaultOptions): Promise<Vault> {
  const { database, keyRing, baseUrl: base = '', onVersions, now = Date.now } = options
  const dataKeys = new DataKeys(keyRing)
  const cursors = new Cursors(keyRing)
  const sql = `SELECT (SELECT coalesce(max(key), 0) FROM vault_resource) AS key,
    (SELECT coalesce(max(seq), 0) FROM vault_version) AS seq`
  const last = (await database.read.get<{ key: number; seq: number }>(sql)) ?? { key: 0, seq: 0 }
  const parts = { database, dataKeys, systems: new SystemNumbers(), base, onVersions, now }
  return {
    reader: new Reader({ read: database.read, dataKeys, cursors, base }),
    writer: new Writer(parts, last.key, last.seq),
  }
}

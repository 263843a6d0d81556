/**
 * Erasure of one patient's record. What goes: the wrapped data key, and with it every body; the bodies themselves; all
 * index rows. What stays: type, id, version and commitment of each version, so that the ledger's counts still add up.
 * A resource that stands in several records goes when it was kept under the key of the erased patient.
 */
import type { Queries } from '../db/database.ts'
import { typeNumber } from './definitions/definitions.ts'
import { deleteIndexRows } from './index-rows.ts'
import { LABEL, STATE } from './schema.ts'

/** Erases the record of the patient with this id, in a transaction; resolves to the patient's number if it has one. */
export async function eraseRecord(transaction: Queries, id: string): Promise<number | undefined> {
  const find = 'SELECT key FROM vault_resource WHERE type = ? AND id = ?'
  const found = await transaction.get<{ key: number }>(find, [typeNumber('Patient'), id])
  if (!found) return undefined
  const patient = found.key
  const sql = 'SELECT key FROM vault_resource WHERE patient = ? OR key = ?'
  for (const { key } of await transaction.all<{ key: number }>(sql, [patient, patient])) {
    await deleteIndexRows(transaction, key)
    await transaction.run('DELETE FROM vault_shared WHERE resource = ?', [key])
    await transaction.run('UPDATE vault_version SET body = NULL WHERE resource = ?', [key])
  }
  await transaction.run('UPDATE vault_version SET body = NULL WHERE patient = ?', [patient])
  const update = `UPDATE vault_resource SET state = ?, label = ?, clinical_start_ms = NULL, clinical_end_ms = NULL
    WHERE patient = ? OR key = ?`
  await transaction.run(update, [STATE.erased, LABEL.none, patient, patient])
  await transaction.run('DELETE FROM vault_key WHERE patient = ?', [patient])
  return patient
}

/**
 * Erasure (GDPR article 17, EDPB 02/2025): the wrapped data key is destroyed, and with it every copy of a body that was
 * kept without the key; older backups of this database hold both (docs/operating/node.md). Bodies,
 * indexes, consent documents and the link between patient and file are deleted. What stays are random ids, counters and
 * salted commitments that no longer mean anything, and the disclosure log, which the patient's key still opens.
 */
import { call, closeFile, files as ledgerFiles, record } from '@salus/contracts'
import { fromHex, SalusError, type Signer } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { ConsentDocuments } from './consent/documents.ts'
import type { Database, Ddl } from './db/database.ts'
import type { Files } from './files/files.ts'
import type { Outbox } from './outbox/outbox.ts'
import { commitCommands } from './sign-commands.ts'
import type { VaultWriter } from './vault/vault.ts'

export const ERASURE_DDL: Ddl = [
  'CREATE TABLE IF NOT EXISTS erasure (file_id TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, reason TEXT NOT NULL)',
]

export interface EraseParts {
  readonly database: Database
  readonly ledger: Ledger
  readonly files: Files
  readonly outbox: Outbox
  readonly consents: ConsentDocuments
  readonly writer: VaultWriter
  readonly sign: Signer
}

/**
 * Erases a patient and closes the file on the ledger. What fails may be repeated: which file was the patient's is
 * forgotten last.
 * @throws SalusError `patient-unknown`, or the ledger's code
 */
export async function erasePatient(
  parts: EraseParts,
  patient: string,
  reason: string,
): Promise<{ fileId: string; height: number }> {
  const file = parts.files.byPatient(patient) ?? parts.files.erasing(patient)
  if (!file) throw new SalusError('patient-unknown', 'there is no such patient here')
  await parts.database.write((transaction) =>
    transaction.run('INSERT INTO erasure (file_id, time_ms, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', [
      file.fileId,
      Date.now(),
      reason,
    ]),
  )
  await parts.writer.erase(patient)
  await parts.consents.erase(patient)
  await parts.files.erase(patient)
  // What was deleted must not stand in the write-ahead log either.
  await parts.database.scrub()
  // Versions written before the erasure must be anchored before the file closes.
  await parts.outbox.flush()
  const height = await closeOnLedger(parts, file.fileId)
  await parts.files.forget(patient)
  await parts.database.scrub()
  return { fileId: file.fileId, height }
}

/** Closes the file unless an earlier attempt did; the height by which it is closed. */
async function closeOnLedger({ ledger, sign }: EraseParts, fileId: string): Promise<number> {
  if (ledgerFiles.get(ledger, fromHex(fileId))?.status === 'closed') return ledger.status().height
  const close = call(record, closeFile, { fileId: fromHex(fileId) })
  return (await commitCommands([close], ledger, sign)).height
}

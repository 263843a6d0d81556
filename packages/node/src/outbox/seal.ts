/**
 * Sealing: what waits becomes one signed transaction, which opens the files that the ledger does not know yet and
 * commits the batches. It is written down with the place of every batch in it before anything is sent.
 */
import { BATCH_FILES_MAX, type Command, FileBatches, fromHex, parseTransaction, type Signer } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { Queries } from '../db/database.ts'
import type { Journal } from '../disclosure/journal.ts'
import type { Statement } from '../disclosure/journal-store.ts'
import { signCommands } from '../sign-commands.ts'
import { type Batch, nextBatches } from './waiting.ts'

/** A transaction that is sealed and not yet known to be committed. */
export interface SealedTransaction {
  readonly sealed: number
  readonly wire: Uint8Array
  readonly expiresAtMs: number
  /** The ledger's height when it was sealed: it can only stand in a later block. */
  readonly afterHeight: number
}

export interface SealParts {
  /** Reads the node's database. */
  readonly read: Queries
  readonly journal: Journal
  readonly ledger: Ledger
  readonly sign: Signer
}

/** Where a batch stands in its transaction. */
interface Place {
  readonly batch: Batch
  readonly command: number
  readonly file: number
}

/**
 * Seals what waits, up to a bound; undefined when nothing does. `items` tells how many were taken. Only the outbox
 * writes these tables, one seal after the other, so what is read here still holds when it is written.
 */
export async function seal({
  read,
  journal,
  ledger,
  sign,
}: SealParts): Promise<{ transaction: SealedTransaction; items: number } | undefined> {
  const settled = await journal.settled()
  const batches = await nextBatches({ read, journal: settled })
  if (batches.length === 0) return undefined
  const openings = await filesToOpen(settled, batches)
  const { commands, places } = toCommands(openings, batches)
  const { height } = ledger.status()
  const signed = await signCommands(commands, ledger, sign)
  const last = await settled.get<{ n: number }>('SELECT coalesce(max(sealed), 0) AS n FROM outbox_sealed')
  const sealed = Number(last?.n ?? 0) + 1
  await journal.write([
    [
      'INSERT INTO outbox_sealed (sealed, wire, expires_at_ms, after_height) VALUES (?, ?, ?, ?)',
      [sealed, signed.wire, signed.expiresAtMs, height],
    ],
    ...openings.map((fileId): Statement => ['INSERT INTO outbox_opened (file_id) VALUES (?)', [fileId]]),
    ...places.map((place) => insertBatch(sealed, place)),
  ])
  const items = batches.reduce((sum, batch) => sum + batch.count, 0)
  return { transaction: { sealed, ...signed, afterHeight: height }, items }
}

/** Transactions that were sealed but are not known to be committed, oldest first. */
export async function readUnsettled(journal: Queries): Promise<readonly SealedTransaction[]> {
  const rows = await journal.all<{
    sealed: number
    wire: Uint8Array
    expires_at_ms: number
    after_height: number
  }>('SELECT sealed, wire, expires_at_ms, after_height FROM outbox_sealed WHERE log_index IS NULL ORDER BY sealed')
  return rows.map((row) => ({
    sealed: row.sealed,
    wire: new Uint8Array(row.wire),
    expiresAtMs: row.expires_at_ms,
    afterHeight: row.after_height,
  }))
}

/** Signs an expired transaction's commands anew and stores that in its place. */
export async function signAnew(
  journal: Journal,
  sealed: SealedTransaction,
  ledger: Ledger,
  sign: Signer,
): Promise<SealedTransaction> {
  const { body } = parseTransaction(sealed.wire)
  const signed = await signCommands(body.commands, ledger, sign)
  const sql = 'UPDATE outbox_sealed SET wire = ?, expires_at_ms = ? WHERE sealed = ?'
  await journal.write([[sql, [signed.wire, signed.expiresAtMs, sealed.sealed]]])
  return { ...sealed, ...signed }
}

async function filesToOpen(journal: Queries, batches: readonly Batch[]): Promise<readonly string[]> {
  const unopened: string[] = []
  for (const file of new Set(batches.map((batch) => batch.file))) {
    const row = await journal.get('SELECT 1 AS one FROM outbox_opened WHERE file_id = ?', [file])
    if (row === undefined) unopened.push(file)
  }
  return unopened
}

/** Commands in order, and where each batch stands in them. A command holds at most one batch of a file. */
function toCommands(
  openings: readonly string[],
  batches: readonly Batch[],
): { commands: readonly Command[]; places: readonly Place[] } {
  const groups: { readonly kind: Batch['kind']; readonly batches: Batch[]; readonly files: Set<string> }[] = []
  const places: Place[] = []
  for (const batch of batches) {
    let group = groups.at(-1)
    if (group?.kind !== batch.kind || group.batches.length >= BATCH_FILES_MAX || group.files.has(batch.file)) {
      group = { kind: batch.kind, batches: [], files: new Set() }
      groups.push(group)
    }
    places.push({ batch, command: openings.length + groups.length - 1, file: group.batches.length })
    group.batches.push(batch)
    group.files.add(batch.file)
  }
  const commands: Command[] = [
    ...openings.map((file) => ({ contract: 'record', command: 'open-file', args: [fromHex(file)] })),
    ...groups.map(({ kind, batches: files }) => ({
      contract: kind,
      command: kind === 'record' ? 'anchor' : 'commit-batch',
      args: FileBatches.toCbor({ files }),
    })),
  ]
  return { commands, places }
}

function insertBatch(sealed: number, { batch, command, file }: Place): Statement {
  return [
    'INSERT INTO outbox_batch (kind, file_id, first, last, sealed, command, file) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [batch.kind, batch.file, batch.first, batch.last, sealed, command, file],
  ]
}

/**
 * Sealing: waiting items become Merkle batches, one per file and kind, and the batches become one signed transaction.
 * Everything is written in one database transaction before anything is sent.
 */
import {
  BATCH_FILES_MAX,
  type Command,
  type FileBatch,
  FileBatches,
  fromHex,
  parseTransaction,
  randomBytes,
  type Signer,
  signTransaction,
  TRANSACTION_LIFETIME_MS_MAX,
} from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { merkleRoot } from '@salus/proof'
import type { Database, Queries } from '../db/database.ts'
import { OUTBOX_BATCH_ITEMS_MAX } from '../limits.ts'
import type { ItemKind } from './outbox.ts'

/** A transaction that is sealed and not yet known to be committed. */
export interface SealedTransaction {
  readonly sealed: number
  readonly wire: Uint8Array
  readonly expiresAtMs: number
  /** The ledger's height when it was sealed: it can only stand in a later block. */
  readonly afterHeight: number
}

interface Waiting {
  readonly seq: number
  readonly kind: ItemKind
  readonly file_id: string
  readonly commitment: Uint8Array
  readonly emergency: number
}

interface Batch extends FileBatch {
  readonly kind: ItemKind
  readonly file: string
  readonly items: readonly Waiting[]
}

/** Files of one kind in one transaction; with their opening they stay below the limit of a transaction's bytes. */
const FILES_PER_SEAL_MAX = 4 * BATCH_FILES_MAX

/** Seals what waits, up to a bound; undefined when nothing does. `items` tells how many were taken. */
export async function seal(
  database: Database,
  ledger: Ledger,
  sign: Signer,
): Promise<{ transaction: SealedTransaction; items: number } | undefined> {
  const waiting = await database.read.all<Waiting>(
    'SELECT seq, kind, file_id, commitment, emergency FROM outbox_item WHERE batch IS NULL ORDER BY seq LIMIT ?',
    [OUTBOX_BATCH_ITEMS_MAX],
  )
  if (waiting.length === 0) return undefined
  const batches = toBatches(waiting)
  return database.write(async (transaction) => {
    const openings = await filesToOpen(transaction, batches)
    const { commands, places } = toCommands(openings, batches)
    const status = ledger.status()
    const signed = await signCommands(commands, ledger.status().ledgerId, sign)
    const last = await transaction.get<{ n: number }>('SELECT coalesce(max(sealed), 0) AS n FROM outbox_sealed')
    const sealed = Number(last?.n ?? 0) + 1
    await transaction.run('INSERT INTO outbox_sealed (sealed, wire, expires_at_ms, after_height) VALUES (?, ?, ?, ?)', [
      sealed,
      signed.wire,
      signed.expiresAtMs,
      status.height,
    ])
    for (const fileId of openings) await transaction.run('INSERT INTO outbox_opened (file_id) VALUES (?)', [fileId])
    await writeBatches(transaction, sealed, batches, places)
    const items = batches.reduce((sum, batch) => sum + batch.items.length, 0)
    return { transaction: { sealed, ...signed, afterHeight: status.height }, items }
  })
}

/** Transactions that were sealed but are not known to be committed, oldest first. */
export async function readUnsettled(database: Database): Promise<readonly SealedTransaction[]> {
  const rows = await database.read.all<{
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
export async function signSealed(
  wire: Uint8Array,
  sign: Signer,
  database: Database,
  sealed: SealedTransaction,
): Promise<SealedTransaction> {
  const { body } = parseTransaction(wire)
  const signed = await signCommands(body.commands, body.ledgerId, sign)
  await database.write((transaction) =>
    transaction.run('UPDATE outbox_sealed SET wire = ?, expires_at_ms = ? WHERE sealed = ?', [
      signed.wire,
      signed.expiresAtMs,
      sealed.sealed,
    ]),
  )
  return { ...sealed, ...signed }
}

async function signCommands(
  commands: readonly Command[],
  ledgerId: Uint8Array,
  sign: Signer,
): Promise<{ wire: Uint8Array; expiresAtMs: number }> {
  const expiresAtMs = Date.now() + TRANSACTION_LIFETIME_MS_MAX / 2
  const body = { ledgerId, signer: sign.publicKey, nonce: randomBytes(16), expiresAtMs, commands }
  return { wire: await signTransaction(body, sign), expiresAtMs }
}

function toBatches(waiting: readonly Waiting[]): readonly Batch[] {
  const groups = new Map<string, Waiting[]>()
  for (const item of waiting) {
    const name = `${item.kind} ${item.file_id}`
    const group = groups.get(name)
    if (group) group.push(item)
    else if (groups.size < FILES_PER_SEAL_MAX) groups.set(name, [item])
    // A file beyond the bound waits for the next seal, and with it everything after it, so that order is kept.
    else break
  }
  return [...groups.values()].map((items) => {
    const first = items[0] as Waiting
    return {
      kind: first.kind,
      file: first.file_id,
      items,
      fileId: fromHex(first.file_id),
      count: items.length,
      root: merkleRoot(items.map((item) => item.commitment)),
      emergencies: items.reduce((sum, item) => sum + item.emergency, 0),
    }
  })
}

async function filesToOpen(transaction: Queries, batches: readonly Batch[]): Promise<readonly string[]> {
  const unopened: string[] = []
  for (const file of new Set(batches.map((batch) => batch.file))) {
    const row = await transaction.get('SELECT 1 AS one FROM outbox_opened WHERE file_id = ?', [file])
    if (row === undefined) unopened.push(file)
  }
  return unopened
}

/** Commands in order, and for each batch which command and which of its files it became. */
function toCommands(
  openings: readonly string[],
  batches: readonly Batch[],
): { commands: Command[]; places: ReadonlyMap<Batch, { command: number; file: number }> } {
  const commands: Command[] = openings.map((file) => ({
    contract: 'record',
    command: 'open-file',
    args: [fromHex(file)],
  }))
  const places = new Map<Batch, { command: number; file: number }>()
  for (const kind of ['record', 'disclosure'] as const) {
    const ofKind = batches.filter((batch) => batch.kind === kind)
    for (let from = 0; from < ofKind.length; from += BATCH_FILES_MAX) {
      const files = ofKind.slice(from, from + BATCH_FILES_MAX)
      for (const [file, batch] of files.entries()) places.set(batch, { command: commands.length, file })
      commands.push({
        contract: kind,
        command: kind === 'record' ? 'anchor' : 'commit-batch',
        args: FileBatches.toCbor({ files }),
      })
    }
  }
  return { commands, places }
}

async function writeBatches(
  transaction: Queries,
  sealed: number,
  batches: readonly Batch[],
  places: ReadonlyMap<Batch, { command: number; file: number }>,
): Promise<void> {
  const last = await transaction.get<{ n: number }>('SELECT coalesce(max(batch), 0) AS n FROM outbox_batch')
  let id = Number(last?.n ?? 0)
  for (const batch of batches) {
    const place = places.get(batch) as { command: number; file: number }
    id += 1
    await transaction.run(
      `INSERT INTO outbox_batch (batch, kind, file_id, count, root, emergencies, sealed, command, file)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [id, batch.kind, batch.file, batch.count, batch.root, batch.emergencies, sealed, place.command, place.file],
    )
    for (const [position, item] of batch.items.entries()) {
      await transaction.run('UPDATE outbox_item SET batch = ?, position = ? WHERE seq = ?', [id, position, item.seq])
    }
  }
}

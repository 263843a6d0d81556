/**
 * What waits for the ledger, as Merkle batches of one file each: record versions, which are gathered here, and
 * disclosures, which the journal has sealed (disclosure/batches.ts). Either kind is numbered in the order in which it
 * became durable, and is taken in that order without gaps; so the last number taken says what waits.
 */
import { BATCH_FILES_MAX, type FileBatch, fromHex } from '@salus/core'
import { merkleRoot } from '@salus/proof'
import type { Queries } from '../db/database.ts'
import { entriesAfter, sealedAfter } from '../disclosure/batches.ts'
import { OUTBOX_BATCH_ITEMS_MAX } from '../limits.ts'

/** What a batch commits to. */
export type BatchKind = 'record' | 'disclosure'

/**
 * `first` and `last` are numbers of items (`outbox_item.seq`), between which stand also those of other files; for
 * disclosures both are the number of the journal's batch.
 */
export interface Batch extends FileBatch {
  readonly kind: BatchKind
  readonly file: string
  readonly first: number
  readonly last: number
}

/** Batches of one kind in one transaction; with their openings it stays below the limit of a transaction's bytes. */
const BATCHES_PER_SEAL_MAX = 2 * BATCH_FILES_MAX

interface Item {
  readonly seq: number
  readonly file_id: string
  readonly commitment: Uint8Array
}

/** `read` reads the node's database, `journal` the journal's, settled. */
export interface WaitingParts {
  readonly read: Queries
  readonly journal: Queries
}

/** The last number of each kind that a stored transaction has. */
async function lastTaken(journal: Queries, kind: BatchKind): Promise<number> {
  const row = await journal.get<{ n: number | null }>('SELECT max(last) AS n FROM outbox_batch WHERE kind = ?', [kind])
  return Number(row?.n ?? 0)
}

/** How many versions and entries wait. */
export async function countWaiting({ read, journal }: WaitingParts): Promise<number> {
  const sql = 'SELECT count(*) AS n FROM outbox_item WHERE seq > ?'
  const versions = await read.get<{ n: number }>(sql, [await lastTaken(journal, 'record')])
  return Number(versions?.n ?? 0) + (await entriesAfter(journal, await lastTaken(journal, 'disclosure')))
}

/** The batches that come next, of every file in order; none when nothing waits. */
export async function nextBatches(parts: WaitingParts): Promise<readonly Batch[]> {
  return [...(await recordBatches(parts)), ...(await disclosureBatches(parts))]
}

async function recordBatches({ read, journal }: WaitingParts): Promise<readonly Batch[]> {
  const items = await read.all<Item>(
    'SELECT seq, file_id, commitment FROM outbox_item WHERE seq > ? ORDER BY seq LIMIT ?',
    [await lastTaken(journal, 'record'), OUTBOX_BATCH_ITEMS_MAX],
  )
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(item.file_id)
    if (group) group.push(item)
    else if (groups.size < BATCHES_PER_SEAL_MAX) groups.set(item.file_id, [item])
    // A file beyond the bound waits for the next seal, and with it everything after it, so that order is kept.
    else break
  }
  return [...groups].map(([file, group]) => ({
    kind: 'record',
    file,
    fileId: fromHex(file),
    count: group.length,
    root: merkleRoot(group.map(({ commitment }) => commitment)),
    emergencies: 0,
    first: (group[0] as Item).seq,
    last: (group.at(-1) as Item).seq,
  }))
}

async function disclosureBatches({ journal }: WaitingParts): Promise<readonly Batch[]> {
  const sealed = await sealedAfter(journal, await lastTaken(journal, 'disclosure'), BATCHES_PER_SEAL_MAX)
  return sealed.map(({ batch, fileId, count, root, emergencies }) => ({
    kind: 'disclosure',
    file: fileId,
    fileId: fromHex(fileId),
    count,
    root,
    emergencies,
    first: batch,
    last: batch,
  }))
}

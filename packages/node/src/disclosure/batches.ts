/** The Merkle batches that the journal has sealed, and the entries in them. */
import type { Queries } from '../db/database.ts'
import { entryCommitment } from './journal-store.ts'

/** `batch` numbers the batches of all files in their order; the entries are those from `firstSequence` on. */
export interface SealedBatch {
  readonly batch: number
  readonly fileId: string
  readonly firstSequence: number
  readonly count: number
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly emergencies: number
}

interface Row {
  readonly batch: number
  readonly file_id: string
  readonly first_sequence: number
  readonly count: number
  readonly root: Uint8Array
  readonly emergencies: number
}

const COLUMNS = 'batch, file_id, first_sequence, count, root, emergencies'

/** Batches after the one with this number, oldest first. */
export async function sealedAfter(read: Queries, batch: number, count: number): Promise<readonly SealedBatch[]> {
  const sql = `SELECT ${COLUMNS} FROM disclosure_batch WHERE batch > ? ORDER BY batch LIMIT ?`
  return (await read.all<Row>(sql, [batch, count])).map(fromRow)
}

/** How many entries stand in batches after the one with this number. */
export async function entriesAfter(read: Queries, batch: number): Promise<number> {
  const sql = 'SELECT coalesce(sum(count), 0) AS n FROM disclosure_batch WHERE batch > ?'
  return Number((await read.get<{ n: number }>(sql, [batch]))?.n ?? 0)
}

/** The batch that holds an entry, if it is sealed. */
export async function batchOf(read: Queries, fileId: string, sequence: number): Promise<SealedBatch | undefined> {
  const row = await read.get<Row>(
    `SELECT ${COLUMNS} FROM disclosure_batch WHERE file_id = ? AND first_sequence <= ?
     ORDER BY first_sequence DESC LIMIT 1`,
    [fileId, sequence],
  )
  return row === undefined || sequence >= row.first_sequence + row.count ? undefined : fromRow(row)
}

/** The commitments (32 bytes) of a batch's entries in order. */
export async function batchCommitments(read: Queries, batch: SealedBatch): Promise<readonly Uint8Array[]> {
  const rows = await read.all<{ entry: Uint8Array }>(
    `SELECT e.entry AS entry FROM disclosure d JOIN journal_entry e ON e.item = d.item
     WHERE d.file_id = ? AND d.sequence >= ? AND d.sequence < ? ORDER BY d.sequence`,
    [batch.fileId, batch.firstSequence, batch.firstSequence + batch.count],
  )
  return rows.map(({ entry }) => entryCommitment(new Uint8Array(entry)))
}

/** All batches of a file, oldest first; `shown` counts the entries of each that the journal still has. */
export function batchesOfFile(
  read: Queries,
  fileId: string,
): Promise<readonly { readonly count: number; readonly shown: number; readonly root: Uint8Array }[]> {
  return read.all(
    `SELECT b.count AS count, b.root AS root,
       (SELECT count(*) FROM disclosure d WHERE d.file_id = b.file_id
        AND d.sequence >= b.first_sequence AND d.sequence < b.first_sequence + b.count) AS shown
     FROM disclosure_batch b WHERE b.file_id = ? ORDER BY b.batch`,
    [fileId],
  )
}

function fromRow(row: Row): SealedBatch {
  const { batch, count, emergencies } = row
  const root = new Uint8Array(row.root)
  return { batch, fileId: row.file_id, firstSequence: row.first_sequence, count, root, emergencies }
}

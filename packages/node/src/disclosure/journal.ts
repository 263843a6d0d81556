/**
 * The journal of disclosures: one entry for each patient's file that a request touched, refused requests too. An entry
 * is durable before the reply leaves, together with its place in the outbox. The database commits writes in groups, so
 * a busy node pays for one durable commit, not for one each.
 */
import { DisclosureEntry, decode, disclosureCommitment, encode, fromHex, randomBytes, SalusError } from '@salus/core'
import type { Database, Ddl, Queries } from '../db/database.ts'
import type { Outbox } from '../outbox/outbox.ts'

/** An entry before it has its place in the file's sequence. */
export type NewEntry = Omit<DisclosureEntry, 'sequence' | 'salt'>

/** A stored entry; `batch` and `position` are null until the outbox has sealed it. */
export interface JournalRow {
  readonly entry: Uint8Array
  readonly sequence: number
  readonly batch: number | null
  readonly position: number | null
}

/** Requests that concern no known patient leave the same kind of trace, so that they take the same time. */
export const JOURNAL_DDL: Ddl = [
  `CREATE TABLE IF NOT EXISTS disclosure (
     file_id TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     time_ms INTEGER NOT NULL,
     requester TEXT NOT NULL,
     practitioner TEXT,
     decision TEXT NOT NULL,
     entry BLOB NOT NULL,
     item INTEGER NOT NULL,
     PRIMARY KEY (file_id, sequence))`,
  'CREATE INDEX IF NOT EXISTS disclosure_item ON disclosure (item)',
  'CREATE INDEX IF NOT EXISTS disclosure_time ON disclosure (time_ms, item)',
  `CREATE TABLE IF NOT EXISTS refused_unknown (
     seq INTEGER PRIMARY KEY,
     time_ms INTEGER NOT NULL,
     requester TEXT NOT NULL,
     practitioner TEXT,
     reason TEXT NOT NULL)`,
]

/** A refused request about somebody who has no file here. */
export interface UnknownRefusal {
  readonly timeMs: number
  readonly requester: string
  readonly practitioner: string | null
  readonly reason: string
}

/** Pages of a log hold at most this many entries. */
export const LOG_PAGE_MAX = 1000

export class Journal {
  readonly #database: Database
  readonly #outbox: Outbox
  readonly #nextSequence = new Map<string, number>()

  constructor(database: Database, outbox: Outbox) {
    this.#database = database
    this.#outbox = outbox
  }

  /** Appends entries; resolves once they are durable. */
  async append(entries: readonly NewEntry[]): Promise<void> {
    try {
      await this.#database.write(async (transaction) => {
        for (const entry of entries) await this.#writeEntry(transaction, entry)
      })
    } catch (error) {
      // Nothing of this is stored: sequences are read again from the table.
      this.#nextSequence.clear()
      throw error
    }
    this.#outbox.announce(entries.length)
  }

  /** Writes down a refusal that belongs to no file; resolves once durable. */
  async appendUnknown({ timeMs, requester, practitioner, reason }: UnknownRefusal): Promise<void> {
    await this.#database.write((transaction) =>
      transaction.run('INSERT INTO refused_unknown (time_ms, requester, practitioner, reason) VALUES (?, ?, ?, ?)', [
        timeMs,
        requester,
        practitioner,
        reason,
      ]),
    )
  }

  /** The entries of a file after `sequence`, in order. */
  read(fileId: string, after: number, count: number = LOG_PAGE_MAX): Promise<JournalRow[]> {
    return this.#database.read.all<JournalRow>(
      `SELECT d.entry AS entry, d.sequence AS sequence, i.batch AS batch, i.position AS position
       FROM disclosure d JOIN outbox_item i ON i.seq = d.item
       WHERE d.file_id = ? AND d.sequence > ? ORDER BY d.sequence LIMIT ?`,
      [fileId, after, Math.min(count, LOG_PAGE_MAX)],
    )
  }

  /** @throws SalusError `disclosure-unknown` */
  async entry(fileId: string, sequence: number): Promise<{ row: JournalRow; entry: DisclosureEntry }> {
    const [row] = await this.read(fileId, sequence - 1, 1)
    if (row?.sequence !== sequence) throw new SalusError('disclosure-unknown', 'there is no such disclosure')
    return { row, entry: decode(DisclosureEntry, new Uint8Array(row.entry)) }
  }

  async #writeEntry(transaction: Queries, fresh: NewEntry): Promise<void> {
    const fileId = Buffer.from(fresh.fileId).toString('hex')
    const sequence = this.#nextSequence.get(fileId) ?? (await readNextSequence(transaction, fileId))
    const entry: DisclosureEntry = { ...fresh, sequence, salt: randomBytes(16) }
    const emergency = entry.emergency !== null
    const item = await this.#outbox.add(transaction, {
      kind: 'disclosure',
      fileId,
      commitment: disclosureCommitment(entry),
      emergency,
    })
    const { timeMs, requester, practitioner, decision } = entry
    await transaction.run(
      `INSERT INTO disclosure (file_id, sequence, time_ms, requester, practitioner, decision, entry, item)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [fileId, sequence, timeMs, requester, practitioner, decision, encode(DisclosureEntry, entry), item],
    )
    this.#nextSequence.set(fileId, sequence + 1)
  }
}

async function readNextSequence(transaction: Queries, fileId: string): Promise<number> {
  const row = await transaction.get<{ n: number }>(
    'SELECT coalesce(max(sequence), 0) AS n FROM disclosure WHERE file_id = ?',
    [fileId],
  )
  return Number(row?.n ?? 0) + 1
}

/** The public name of a disclosure: its file and its place in the file's sequence. */
export function disclosureId(fileId: Uint8Array | string, sequence: number): string {
  return `${typeof fileId === 'string' ? fileId : Buffer.from(fileId).toString('hex')}.${sequence}`
}

/** Takes {@link disclosureId} apart. @throws SalusError `disclosure-unknown` */
export function parseDisclosureId(id: string): { fileId: Uint8Array; sequence: number } {
  const match = /^([0-9a-f]{32})\.([1-9][0-9]{0,14})$/.exec(id)
  if (!match) throw new SalusError('disclosure-unknown', 'there is no such disclosure')
  return { fileId: fromHex(match[1] as string), sequence: Number(match[2]) }
}

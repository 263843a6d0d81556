/**
 * The writing half of the journal, as its thread runs it: SQLite in WAL mode with `synchronous=FULL`.
 *
 * `append` is the commit that requests wait for. Sealing follows in slices, so that no append waits long behind it:
 * each slice decodes the next entries, writes their rows for logs and searches, and gathers their commitments by file;
 * the last slice writes one Merkle batch for each file (RFC 9162 section 2.1.1), in the same commit. What a stop leaves
 * half done is gathered again from the entries after the last batch.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DisclosureEntry, DOMAIN, decode, domainHash, toHex } from '@salus/core'
import { merkleRoot } from '@salus/proof'
import type { SqlValue } from '../db/database.ts'
import { OUTBOX_BATCH_ITEMS_MAX } from '../limits.ts'
import { SEALED_DDL } from '../outbox/tables.ts'
import { unpackFrames } from './frames.ts'
import { JOURNAL_DDL, KIND, type Kind } from './tables.ts'
import { UnknownRefusal } from './unknown-refusal.ts'

/** Entries of one slice: about a millisecond of work, which an append may have to wait for. */
const SLICE_ITEMS = 64
const BUSY_TIMEOUT_MS = 10_000

/** A statement with its parameters. */
export type Statement = readonly [sql: string, parameters: readonly SqlValue[]]

/** What a file's next batch will hold. */
interface Gathered {
  readonly firstSequence: number
  readonly commitments: Uint8Array[]
  emergencies: number
}

interface ItemRow {
  readonly item: number
  readonly kind: Kind
  readonly entry: Uint8Array
}

export class JournalStore {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #next: StatementSync
  readonly #project: StatementSync
  readonly #projectUnknown: StatementSync
  readonly #batch: StatementSync
  /** The last item that is stored, that has its rows, that stands in a batch or is gathered for one. */
  #last: number
  #projected: number
  #gatheredTo: number
  #gathered = new Map<string, Gathered>()
  #gatheredItems = 0

  /** Opens `path`, which is created when absent. */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    this.#database = database
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
    this.#transact(() => {
      for (const statement of [...JOURNAL_DDL, ...SEALED_DDL]) database.exec(statement)
    })
    this.#insert = database.prepare('INSERT INTO journal_entry (kind, entry) VALUES (?, ?)')
    this.#next = database.prepare('SELECT item, kind, entry FROM journal_entry WHERE item > ? ORDER BY item LIMIT ?')
    this.#project = database.prepare(
      `INSERT INTO disclosure (item, file_id, sequence, time_ms, requester, practitioner, decision)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#projectUnknown = database.prepare(
      'INSERT INTO refused_unknown (item, time_ms, requester, practitioner, reason) VALUES (?, ?, ?, ?, ?)',
    )
    this.#batch = database.prepare(
      `INSERT INTO disclosure_batch (file_id, first_sequence, count, root, emergencies, last_item)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#last = this.#number('SELECT max(item) AS n FROM journal_entry')
    this.#projected = Math.max(
      this.#number('SELECT max(item) AS n FROM disclosure'),
      this.#number('SELECT max(item) AS n FROM refused_unknown'),
    )
    this.#gatheredTo = this.#number('SELECT last_item AS n FROM disclosure_batch ORDER BY batch DESC LIMIT 1')
  }

  /** The last item that is stored. */
  get last(): number {
    return this.#last
  }

  /** Stores the entries of `packFrames` in one durable commit. */
  append(frames: Uint8Array): void {
    this.#transact(() => {
      for (const { kind, content } of unpackFrames(frames)) {
        this.#last = Number(this.#insert.run(kind, content).lastInsertRowid)
      }
    })
  }

  /** One slice of sealing; true once every item up to `target` has its rows and stands in a batch. */
  sealSlice(target: number): boolean {
    if (this.#gatheredTo >= target && this.#gatheredItems === 0) return true
    const rows = this.#next.all(this.#gatheredTo, SLICE_ITEMS) as unknown as ItemRow[]
    const last = rows.at(-1)?.item ?? this.#gatheredTo
    this.#transact(() => {
      for (const row of rows) this.#take(row)
      this.#gatheredTo = last
      if (last >= target || this.#gatheredItems >= OUTBOX_BATCH_ITEMS_MAX) this.#writeBatches()
    })
    return last >= target
  }

  /** Runs the outbox's statements in one durable commit. */
  write(statements: readonly Statement[]): void {
    this.#transact(() => {
      for (const [sql, parameters] of statements) this.#database.prepare(sql).run(...parameters)
    })
  }

  close(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#database.close()
  }

  #take({ item, kind, entry: bytes }: ItemRow): void {
    const isNew = item > this.#projected
    if (isNew) this.#projected = item
    if (kind === KIND.unknown) {
      const { timeMs, requester, practitioner, reason } = decode(UnknownRefusal, bytes)
      if (isNew) this.#projectUnknown.run(item, timeMs, requester, practitioner, reason)
      return
    }
    const entry = decode(DisclosureEntry, bytes)
    const { sequence, timeMs, requester, practitioner, decision } = entry
    const fileId = toHex(entry.fileId)
    if (isNew) this.#project.run(item, fileId, sequence, timeMs, requester, practitioner, decision)
    let gathered = this.#gathered.get(fileId)
    if (gathered === undefined) {
      gathered = { firstSequence: sequence, commitments: [], emergencies: 0 }
      this.#gathered.set(fileId, gathered)
    }
    gathered.commitments.push(entryCommitment(bytes))
    if (entry.emergency !== null) gathered.emergencies += 1
    this.#gatheredItems += 1
  }

  #writeBatches(): void {
    for (const [fileId, { firstSequence, commitments, emergencies }] of this.#gathered) {
      const root = merkleRoot(commitments)
      this.#batch.run(fileId, firstSequence, commitments.length, root, emergencies, this.#gatheredTo)
    }
    this.#gathered.clear()
    this.#gatheredItems = 0
  }

  /** Whatever fails in here ends the thread, and with it the transaction and what was gathered. */
  #transact(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    work()
    this.#database.exec('COMMIT')
  }

  #number(sql: string): number {
    return Number((this.#database.prepare(sql).get() as { n: number | null } | undefined)?.n ?? 0)
  }
}

/** core's `disclosureCommitment`, from the bytes that are stored. */
export function entryCommitment(entry: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.disclosureEntry, entry)
}

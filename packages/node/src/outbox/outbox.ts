/**
 * The outbox: commitments that wait for the ledger. An item is written in the same database transaction as the thing
 * it commits to (a resource version, a disclosure), so nothing is recorded without waiting here, and nothing that
 * waits is lost. Within `OUTBOX_DELAY_MS_MAX` the waiting items are sealed into Merkle batches, one per file, and
 * committed by transactions that this member signs.
 *
 * A sealed transaction is stored before it is sent. After a crash the ledger is asked whether it has it; if not it is
 * sent again, or signed anew once it has expired. Batches of one file are therefore committed in order, exactly once.
 */
import { SalusError, toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { Database, Ddl, Queries } from '../db/database.ts'
import { OUTBOX_DELAY_MS_MAX, OUTBOX_ITEMS_MAX } from '../limits.ts'
import { findTransaction } from './find-transaction.ts'
import { readUnsettled, type SealedTransaction, seal, signSealed } from './seal.ts'

/** What an item commits to. */
export type ItemKind = 'record' | 'disclosure'

/** `commitment` is 32 bytes; `fileId` hexadecimal. */
export interface OutboxItem {
  readonly kind: ItemKind
  readonly fileId: string
  readonly commitment: Uint8Array
  readonly emergency: boolean
}

/** `batch` is null until sealed; `position` is the item's index in its batch. */
export const OUTBOX_DDL: Ddl = [
  `CREATE TABLE IF NOT EXISTS outbox_item (
     seq INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     file_id TEXT NOT NULL,
     commitment BLOB NOT NULL,
     emergency INTEGER NOT NULL,
     batch INTEGER,
     position INTEGER)`,
  'CREATE INDEX IF NOT EXISTS outbox_item_waiting ON outbox_item (seq) WHERE batch IS NULL',
  'CREATE INDEX IF NOT EXISTS outbox_item_batch ON outbox_item (batch, position)',
  'CREATE INDEX IF NOT EXISTS outbox_item_commitment ON outbox_item (commitment)',
  `CREATE TABLE IF NOT EXISTS outbox_batch (
     batch INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     file_id TEXT NOT NULL,
     count INTEGER NOT NULL,
     root BLOB NOT NULL,
     emergencies INTEGER NOT NULL,
     sealed INTEGER NOT NULL,
     command INTEGER NOT NULL,
     file INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS outbox_batch_file ON outbox_batch (file_id, kind, batch)',
  `CREATE TABLE IF NOT EXISTS outbox_sealed (
     sealed INTEGER PRIMARY KEY,
     wire BLOB NOT NULL,
     expires_at_ms INTEGER NOT NULL,
     after_height INTEGER NOT NULL,
     log_index INTEGER,
     height INTEGER,
     time_ms INTEGER)`,
  'CREATE INDEX IF NOT EXISTS outbox_unsettled ON outbox_sealed (sealed) WHERE log_index IS NULL',
  'CREATE TABLE IF NOT EXISTS outbox_opened (file_id TEXT PRIMARY KEY)',
]

export interface OutboxOptions {
  readonly database: Database
  readonly ledger: Ledger
  /** Signs as this member. */
  readonly sign: Parameters<typeof signSealed>[1]
  readonly delayMs?: number
  /** Called with the stable code of a failure that will be tried again. */
  readonly onTrouble: (code: string) => void
}

const RETRY_MS = 1000

export class Outbox {
  readonly #options: OutboxOptions
  #waiting = 0
  #next = 1
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false

  private constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Opens the outbox of a database that holds {@link OUTBOX_DDL}, and goes on with what a stop left behind. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options)
    const row = await options.database.read.get<{ waiting: number; last: number }>(
      `SELECT (SELECT count(*) FROM outbox_item WHERE batch IS NULL) AS waiting,
              (SELECT coalesce(max(seq), 0) FROM outbox_item) AS last`,
    )
    outbox.#waiting = Number(row?.waiting ?? 0)
    outbox.#next = Number(row?.last ?? 0) + 1
    outbox.#schedule(0)
    return outbox
  }

  /** Items that wait to be sealed. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Adds an item inside the database transaction that writes what it commits to; resolves to its number.
   * Call {@link announce} once that transaction is durable.
   * @throws SalusError `outbox-full`
   */
  async add(transaction: Queries, item: OutboxItem): Promise<number> {
    if (this.#waiting >= OUTBOX_ITEMS_MAX) {
      throw new SalusError('outbox-full', 'too many commitments wait for the ledger', { OUTBOX_ITEMS_MAX })
    }
    const seq = this.#next++
    await transaction.run(
      'INSERT INTO outbox_item (seq, kind, file_id, commitment, emergency) VALUES (?, ?, ?, ?, ?)',
      [seq, item.kind, item.fileId, item.commitment, item.emergency ? 1 : 0],
    )
    return seq
  }

  /** Says that `count` added items are durable. */
  announce(count: number): void {
    this.#waiting += count
    if (count > 0) this.#schedule(this.#options.delayMs ?? OUTBOX_DELAY_MS_MAX / 4)
  }

  /** Resolves once everything that waits now is committed. */
  async flush(): Promise<void> {
    do {
      clearTimeout(this.#timer)
      this.#timer = undefined
      await this.#run()
    } while (this.#waiting > 0 && !this.#closed)
  }

  /** Stops sending; what waits goes on waiting in the database. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#run()
    }, delayMs)
  }

  #run(): Promise<void> {
    this.#running ??= this.#drain()
      .catch((error: unknown) => {
        this.#options.onTrouble(error instanceof SalusError ? error.code : 'outbox-failed')
        this.#schedule(RETRY_MS)
      })
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  async #drain(): Promise<void> {
    const { database, ledger, sign } = this.#options
    for (const left of await readUnsettled(database)) await this.#settle(left)
    while (!this.#closed) {
      const sealed = await seal(database, ledger, sign)
      if (sealed === undefined) return
      this.#waiting -= sealed.items
      await this.#settle(sealed.transaction)
    }
  }

  /** Brings one sealed transaction to the ledger and writes down where it stands. */
  async #settle(sealed: SealedTransaction): Promise<void> {
    const { database, ledger, sign } = this.#options
    let found = findTransaction(ledger, sealed.wire, sealed.afterHeight)
    if (found === undefined) {
      let { wire } = sealed
      if (sealed.expiresAtMs <= ledger.status().timeMs + 1000)
        wire = (await signSealed(wire, sign, database, sealed)).wire
      found = await ledger.submit(wire)
    }
    if (found.code !== null) {
      throw new SalusError('outbox-refused', 'the ledger refused a batch', {
        code: found.code,
        sealed: sealed.sealed,
        transaction: toHex(found.transactionId),
      })
    }
    await database.write((transaction) =>
      transaction.run('UPDATE outbox_sealed SET log_index = ?, height = ?, time_ms = ? WHERE sealed = ?', [
        found.logIndex,
        found.height,
        found.timeMs,
        sealed.sealed,
      ]),
    )
  }
}

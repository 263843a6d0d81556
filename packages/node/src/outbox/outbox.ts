/**
 * The outbox: commitments that wait for the ledger. A record version's is written in the same database transaction as
 * the version, a disclosure's follows from its entry in the journal; so nothing is recorded without waiting here, and
 * nothing that waits is lost. Within `OUTBOX_DELAY_MS_MAX` it is sealed into Merkle batches, one per file, and
 * committed by transactions that this member signs.
 *
 * Batches of one file are committed in order, exactly once, wherever a stop strikes:
 * - Entries that no batch of the journal holds are sealed when the journal is opened again (journal-store.ts).
 * - A batch of the journal is taken by the commit that stores its transaction, which holds its number; batches after
 *   the highest number are the ones to take.
 * - A transaction is stored before it is sent. Of one whose end is unknown the ledger is asked whether it has it; if
 *   not it is sent again, or signed anew once it has expired.
 */
import { SalusError, type Signer, toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { Database, Queries } from '../db/database.ts'
import type { Journal, Taker } from '../disclosure/journal.ts'
import { OUTBOX_DELAY_MS_MAX, OUTBOX_ITEMS_MAX } from '../limits.ts'
import { nextBlockMs } from '../sign-commands.ts'
import { findTransaction } from './find-transaction.ts'
import { readUnsettled, type SealedTransaction, seal, signAnew } from './seal.ts'
import { countWaiting } from './waiting.ts'

export interface OutboxOptions {
  readonly database: Database
  readonly journal: Journal
  readonly ledger: Ledger
  /** Signs as this member. */
  readonly sign: Signer
  readonly delayMs?: number
  /** Called with the stable code of a failure that will be tried again. */
  readonly onTrouble: (code: string) => void
}

const RETRY_MS = 1000
const RETRY_MS_MAX = 60_000

export class Outbox implements Taker {
  readonly #options: OutboxOptions
  #waiting = 0
  #next = 1
  #timer: NodeJS.Timeout | undefined
  #running: Promise<boolean> | undefined
  /** Runs that failed, one after the other. */
  #failures = 0
  #closed = false

  private constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Opens the outbox of a database that holds `OUTBOX_DDL`, and goes on with what a stop left behind. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options)
    const { database, journal } = options
    const last = await database.read.get<{ n: number | null }>('SELECT max(seq) AS n FROM outbox_item')
    outbox.#next = Number(last?.n ?? 0) + 1
    await outbox.#count()
    journal.attach(outbox)
    outbox.#schedule(0)
    return outbox
  }

  /** Record versions and disclosures that no transaction holds yet. */
  get waiting(): number {
    return this.#waiting
  }

  get isFull(): boolean {
    return this.#waiting >= OUTBOX_ITEMS_MAX
  }

  /**
   * Adds the commitment (32 bytes) of a version inside the database transaction that writes the version. Call
   * {@link announce} once that transaction is durable.
   * @throws SalusError `outbox-full`
   */
  async add(transaction: Queries, fileId: string, commitment: Uint8Array): Promise<void> {
    if (this.isFull) {
      throw new SalusError('outbox-full', 'too many commitments wait for the ledger', { OUTBOX_ITEMS_MAX })
    }
    const sql = 'INSERT INTO outbox_item (seq, file_id, commitment) VALUES (?, ?, ?)'
    await transaction.run(sql, [this.#next++, fileId, commitment])
  }

  /** Says that `count` versions or disclosures more are durable, or that something may wait that was not counted. */
  announce(count: number): void {
    this.#waiting += count
    this.#schedule(this.#options.delayMs ?? OUTBOX_DELAY_MS_MAX / 2)
  }

  /**
   * Resolves once everything that waits now is committed.
   * @throws SalusError `outbox-stalled` when the ledger does not take it; it goes on waiting
   */
  async flush(): Promise<void> {
    // A run that has begun may have looked before something came; one that begins after it sees all that waits now.
    await this.#running
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!(await this.#run())) throw new SalusError('outbox-stalled', 'the ledger does not take what waits for it')
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

  /** Sends what waits; resolves to whether that went well. A failure is tried again, each time after a longer pause. */
  #run(): Promise<boolean> {
    this.#running ??= this.#drain()
      .then(() => {
        this.#failures = 0
        return true
      })
      .catch((error: unknown) => {
        this.#options.onTrouble(error instanceof SalusError ? error.code : 'outbox-failed')
        this.#schedule(Math.min(RETRY_MS * 2 ** this.#failures++, RETRY_MS_MAX))
        return false
      })
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  async #drain(): Promise<void> {
    const { database, journal, ledger, sign } = this.#options
    for (const left of await readUnsettled(await journal.settled())) await this.#settle(left)
    while (!this.#closed) {
      const sealed = await seal({ read: database.read, journal, ledger, sign })
      if (sealed === undefined) return this.#count()
      // An entry can be durable that was never announced: its commit came through, the answer did not.
      this.#waiting = Math.max(0, this.#waiting - sealed.items)
      await this.#settle(sealed.transaction)
    }
  }

  /** Counts what waits: the running count is wrong once a commit came through whose answer did not. */
  async #count(): Promise<void> {
    const { database, journal } = this.#options
    this.#waiting = await countWaiting({ read: database.read, journal: await journal.settled() })
  }

  /**
   * Brings one sealed transaction to the ledger and writes down where it stands. What the ledger refused or let expire
   * is signed anew: its commands are what this member has to say, whatever stood in their way.
   */
  async #settle(sealed: SealedTransaction): Promise<void> {
    const { journal, ledger, sign } = this.#options
    let found = findTransaction(ledger, sealed.wire, sealed.afterHeight)
    if (found === undefined) {
      const isExpired = sealed.expiresAtMs <= nextBlockMs(ledger)
      const { wire } = isExpired ? await signAnew(journal, sealed, ledger, sign) : sealed
      found = await ledger.submit(wire)
    }
    if (found.code !== null) {
      const details = { code: found.code, sealed: sealed.sealed, transaction: toHex(found.transactionId) }
      // A replay stands in the log already, and is found there the next time.
      if (found.code !== 'replayed') await signAnew(journal, sealed, ledger, sign)
      throw new SalusError('outbox-refused', 'the ledger refused a batch', details)
    }
    const sql = 'UPDATE outbox_sealed SET log_index = ?, height = ?, time_ms = ? WHERE sealed = ?'
    await journal.write([[sql, [found.logIndex, found.height, found.timeMs, sealed.sealed]]])
  }
}

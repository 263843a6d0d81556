/**
 * Transactions on their way into a block: sent to the mempool of the own CometBFT in batches, to another member when
 * that does not take them, and resolved when the own replica commits the block that holds them. What CometBFT lost,
 * because it was started anew, is sent again.
 */
import { isSalusError, SalusError } from '@salus/core'
import type { Receipt } from '../../ledger.ts'
import type { CometRpc } from './rpc.ts'

/** Transactions that may wait for a block. */
export const WAITING_TRANSACTIONS_MAX = 50_000
/** Bytes of transactions that may wait for a block. */
export const WAITING_BYTES_MAX: number = 64 * 1024 * 1024
const BATCH_TRANSACTIONS_MAX = 512
const BATCH_BYTES_MAX = 1024 * 1024
const SWEEP_MS = 500

/** Hands a transaction to another member, whose receipt it returns. */
export type Relay = (transaction: Uint8Array) => Promise<Receipt>

export interface WaitingOptions {
  readonly rpc: CometRpc
  /** Other members, in the order in which they are to be asked. */
  readonly relays: () => readonly Relay[]
  /** True for a transaction that was executed before. */
  readonly isOver: (transaction: Uint8Array) => boolean
  /** A transaction that is in no block after this time is given up, although it may still get into one. */
  readonly timeoutMs: number
}

interface Waiting {
  readonly name: string
  readonly wire: Uint8Array
  readonly sinceMs: number
  readonly promise: Promise<Receipt>
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
  state: 'queued' | 'sent' | 'relayed'
}

export class WaitingTransactions {
  readonly #options: WaitingOptions
  readonly #byName = new Map<string, Waiting>()
  readonly #sweeper: NodeJS.Timeout
  #queue: Waiting[] = []
  #bytes = 0
  #isSending = false

  constructor(options: WaitingOptions) {
    this.#options = options
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  /** @throws SalusError `ledger-full` */
  checkRoom(wireBytes: number): void {
    const isFull = this.#byName.size >= WAITING_TRANSACTIONS_MAX || this.#bytes + wireBytes > WAITING_BYTES_MAX
    if (isFull) throw full()
  }

  /** Sends a checked transaction on its way. One that is on its way already has one receipt for all who wait. */
  add(name: string, wire: Uint8Array): Promise<Receipt> {
    const found = this.#byName.get(name)
    if (found) return found.promise
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>()
    const sinceMs = performance.now()
    const waiting: Waiting = { name, wire, sinceMs, promise, resolve, reject, state: 'queued' }
    this.#byName.set(name, waiting)
    this.#bytes += wire.length
    this.#queue.push(waiting)
    this.#schedule()
    return promise
  }

  /** A block holds the transaction. */
  settle(name: string, receipt: Receipt): void {
    const waiting = this.#byName.get(name)
    if (waiting) this.#end(waiting).resolve(receipt)
  }

  /** CometBFT was started anew and its mempool is empty. */
  sendAgain(): void {
    this.#queue = [...this.#byName.values()]
    for (const waiting of this.#queue) waiting.state = 'queued'
    this.#schedule()
  }

  /** Nothing that waits can come to an end any more. */
  failAll(error: unknown): void {
    for (const waiting of [...this.#byName.values()]) this.#end(waiting).reject(error)
  }

  close(): void {
    clearInterval(this.#sweeper)
  }

  #end(waiting: Waiting): Waiting {
    if (this.#byName.delete(waiting.name)) this.#bytes -= waiting.wire.length
    return waiting
  }

  #schedule(): void {
    if (this.#isSending) return
    this.#isSending = true
    setImmediate(async () => {
      while (this.#queue.length > 0) await this.#send(this.#takeBatch())
      this.#isSending = false
    })
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { wire } of this.#queue) {
      bytes += wire.length
      if (count === BATCH_TRANSACTIONS_MAX || bytes > BATCH_BYTES_MAX) break
      count++
    }
    return this.#queue.splice(0, Math.max(count, 1))
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const live = batch.filter(({ name }) => this.#byName.has(name))
    if (live.length === 0) return
    try {
      const reasons = await this.#options.rpc.broadcast(live.map(({ wire }) => wire))
      live.forEach((waiting, i) => {
        this.#answered(waiting, reasons[i] as string | null)
      })
    } catch (error) {
      if (!isSalusError(error)) throw error
      for (const waiting of live) void this.#relay(waiting)
    }
  }

  #answered(waiting: Waiting, reason: string | null): void {
    const isKnown = reason?.includes('already exists in cache') ?? false
    if (isKnown && this.#options.isOver(waiting.wire)) {
      this.#end(waiting).reject(new SalusError('replayed', 'the transaction was executed before'))
    } else if (reason === null || isKnown) waiting.state = 'sent'
    else if (reason.includes('mempool is full')) this.#end(waiting).reject(full())
    else void this.#relay(waiting)
  }

  /** Asks other members in turn; where none takes it, it is tried again with the next sweep. */
  async #relay(waiting: Waiting): Promise<void> {
    waiting.state = 'relayed'
    for (const relay of this.#options.relays()) {
      try {
        const receipt = await relay(waiting.wire)
        if (this.#byName.has(waiting.name)) this.#end(waiting).resolve(receipt)
        return
      } catch {
        if (!this.#byName.has(waiting.name)) return
      }
    }
    waiting.state = 'queued'
  }

  #sweep(): void {
    const { timeoutMs } = this.#options
    const now = performance.now()
    for (const waiting of [...this.#byName.values()]) {
      if (now - waiting.sinceMs < timeoutMs) continue
      const error = new SalusError('ledger-timeout', 'no block took the transaction in time; one still may', {
        timeoutMs,
      })
      this.#end(waiting).reject(error)
    }
    const queued = new Set(this.#queue)
    for (const waiting of this.#byName.values()) {
      if (waiting.state === 'queued' && !queued.has(waiting)) this.#queue.push(waiting)
    }
    if (this.#queue.length > 0) this.#schedule()
  }
}

function full(): SalusError {
  return new SalusError('ledger-full', 'too many transactions wait for a block', { WAITING_TRANSACTIONS_MAX })
}

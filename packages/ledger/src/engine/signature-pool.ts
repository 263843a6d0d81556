/**
 * Checks of transactions off the main thread: form and signature, all that does not depend on the ledger. Transactions
 * are collected into batches of up to 64 and handed to two threads. Each may have many batches before it, so that it
 * does not run dry while the main thread executes a block; beyond that transactions wait here, so that batches fill up
 * under load and leave at once without it. A few that come when the threads have nothing to do are checked here: another
 * thread would take longer to wake, on a busy machine many times as long.
 *
 * The main thread keeps the bytes alone and takes a transaction apart when its block is made: objects that live only
 * for one block cost the garbage collector nothing, those that wait for their signature would be copied by it twice.
 */
import { Worker } from 'node:worker_threads'
import { TRANSACTION_BYTES_MAX } from '@salus/core'
import { joinEntries } from '../log/entry-bundle.ts'
import { checkBatch, MALFORMED, type Verdict } from './signature-batch.ts'

const THREADS = 2
const BATCH_TRANSACTIONS = 64
const BATCH_BYTES_MAX = 256 * 1024
/** How many are checked on the main thread: some 2 ms of work. */
const HERE_TRANSACTIONS_MAX = 32
/** Some 200 ms of work. */
const BATCHES_PER_THREAD = 48

type Done = (verdict: Verdict) => void

interface Waiting {
  readonly wire: Uint8Array
  readonly done: Done
}

interface Thread {
  readonly worker: Worker
  /** Batches sent and not answered, in order. */
  readonly sent: (readonly Waiting[])[]
}

export class SignaturePool {
  #threads: Thread[] = []
  #waiting: Waiting[] = []
  #isScheduled = false

  constructor() {
    for (let i = 0; i < THREADS; i++) this.#start()
  }

  /** Calls `done` with what checking `wire` finds, never before the return. `wire` must not change until then. */
  check(wire: Uint8Array, done: Done): void {
    this.#waiting.push({ wire, done })
    if (this.#waiting.length % BATCH_TRANSACTIONS === 0) this.#dispatch()
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#isFew()) this.#checkHere()
      else this.#dispatch()
    })
  }

  /** Ends the threads. Checks that wait are never answered. */
  async close(): Promise<void> {
    const threads = this.#threads
    this.#threads = []
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #start(): void {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url))
    const thread: Thread = { worker, sent: [] }
    worker.unref()
    worker.on('message', (verdicts: Uint8Array) => {
      const batch = thread.sent.shift()
      if (thread.sent.length === 0) worker.unref()
      this.#dispatch()
      if (batch) answer(batch, verdicts)
    })
    worker.on('error', () => this.#replace(thread))
    this.#threads.push(thread)
  }

  /** A thread that failed: its batches are checked here, and another takes its place. */
  #replace(thread: Thread): void {
    if (!this.#threads.includes(thread)) return
    this.#threads = this.#threads.filter((other) => other !== thread)
    this.#start()
    for (const batch of thread.sent.splice(0)) answer(batch, checkBatch(encodeBatch(batch)))
  }

  #isFew(): boolean {
    return this.#waiting.length <= HERE_TRANSACTIONS_MAX && this.#threads.every(({ sent }) => sent.length === 0)
  }

  #checkHere(): void {
    const batch = this.#waiting.splice(0)
    answer(batch, checkBatch(encodeBatch(batch)))
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#threads.reduce<Thread | undefined>(
        (best, next) => (!best || next.sent.length < best.sent.length ? next : best),
        undefined,
      )
      if (!thread || thread.sent.length >= BATCHES_PER_THREAD) return
      const batch = this.#nextBatch()
      const bytes = encodeBatch(batch)
      thread.sent.push(batch)
      thread.worker.ref()
      thread.worker.postMessage(bytes, [bytes.buffer])
    }
  }

  #nextBatch(): readonly Waiting[] {
    let count = 0
    for (let total = 0; count < this.#waiting.length && count < BATCH_TRANSACTIONS; count++) {
      total += (this.#waiting[count] as Waiting).wire.length
      if (total > BATCH_BYTES_MAX && count > 0) break
    }
    return this.#waiting.splice(0, count)
  }
}

/** What is too long for a transaction goes as nothing, which is malformed too. */
function encodeBatch(batch: readonly Waiting[]): Uint8Array<ArrayBuffer> {
  return joinEntries(batch.map(({ wire }) => (wire.length > TRANSACTION_BYTES_MAX ? new Uint8Array(0) : wire)))
}

function answer(batch: readonly Waiting[], verdicts: Uint8Array): void {
  for (const [i, { done }] of batch.entries()) done((verdicts[i] ?? MALFORMED) as Verdict)
}

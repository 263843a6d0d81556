/**
 * Signature checks off the main thread. Ed25519 signatures are collected into batches of up to 64 and handed to two
 * threads. Each may have eight batches before it, some 30 ms of work, so that it does not run dry while the main
 * thread executes a block; beyond that transactions wait here, so that batches fill up under load and leave at once
 * without it. WebAuthn signatures, rare and of another shape, are checked on the spot.
 */
import { Worker } from 'node:worker_threads'
import { type Transaction, verifySignature } from '@salus/core'
import { SIGNATURE_RECORD_BYTES, verifyBatch, writeRecord } from './signature-batch.ts'

const THREADS = 2
const BATCH_RECORDS = 64
const BATCHES_PER_THREAD = 8

type Done = (isValid: boolean) => void

interface Batch {
  readonly bytes: Uint8Array
  readonly waiting: readonly Done[]
}

interface Thread {
  readonly worker: Worker
  /** Batches sent and not answered, in order. */
  readonly sent: Batch[]
}

export class SignaturePool {
  #threads: Thread[] = []
  #waiting: { readonly transaction: Transaction; readonly done: Done }[] = []
  #isScheduled = false

  constructor() {
    for (let i = 0; i < THREADS; i++) this.#start()
  }

  /** Calls `done` once it is known whether the transaction's signature holds. */
  check(transaction: Transaction, done: Done): void {
    this.#waiting.push({ transaction, done })
    if (this.#waiting.length >= BATCH_RECORDS) this.#dispatch()
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#dispatch()
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
    worker.on('message', (results: Uint8Array) => {
      const batch = thread.sent.shift()
      if (thread.sent.length === 0) worker.unref()
      this.#dispatch()
      if (batch) answer(batch, results)
    })
    worker.on('error', () => this.#replace(thread))
    this.#threads.push(thread)
  }

  /** A thread that failed: its batches are checked here, and another takes its place. */
  #replace(thread: Thread): void {
    if (!this.#threads.includes(thread)) return
    this.#threads = this.#threads.filter((other) => other !== thread)
    this.#start()
    for (const batch of thread.sent.splice(0)) answer(batch, verifyBatch(batch.bytes))
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#threads.reduce<Thread | undefined>(
        (best, next) => (!best || next.sent.length < best.sent.length ? next : best),
        undefined,
      )
      if (!thread || thread.sent.length >= BATCHES_PER_THREAD) return
      const batch = this.#nextBatch()
      if (batch.waiting.length === 0) continue
      thread.sent.push(batch)
      thread.worker.ref()
      thread.worker.postMessage(batch.bytes)
    }
  }

  /** Takes up to a batch from the queue; signatures that are no Ed25519 are checked on the way. */
  #nextBatch(): Batch {
    const taken = this.#waiting.splice(0, BATCH_RECORDS)
    const bytes = new Uint8Array(taken.length * SIGNATURE_RECORD_BYTES)
    const waiting: Done[] = []
    for (const { transaction, done } of taken) {
      const { id, body, signature } = transaction
      if (body.signer.scheme === 'ed25519' && body.signer.bytes.length === 32 && signature.length === 64) {
        writeRecord(bytes, waiting.length * SIGNATURE_RECORD_BYTES, body.signer.bytes, id, signature)
        waiting.push(done)
      } else done(verifySignature(body.signer, id, signature))
    }
    return { bytes: bytes.slice(0, waiting.length * SIGNATURE_RECORD_BYTES), waiting }
  }
}

function answer(batch: Batch, results: Uint8Array): void {
  for (const [i, done] of batch.waiting.entries()) done(results[i] === 1)
}

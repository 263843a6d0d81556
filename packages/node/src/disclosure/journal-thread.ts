/**
 * The main thread's end of the journal's thread. What requests append while a group is being committed goes with the
 * next one, in one message; one group is on its way at a time, so the busier the node, the more entries share a commit.
 */
import { Worker } from 'node:worker_threads'
import { SalusError } from '@salus/core'
import { JOURNAL_QUEUE_BYTES_MAX } from '../limits.ts'
import { type Frame, framesBytes, packFrames } from './frames.ts'
import type { Statement } from './journal-store.ts'
import type { JournalAnswer, JournalOrder } from './journal-worker.ts'

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: SalusError) => void
}

export class JournalThread {
  readonly #worker: Worker
  readonly #ended: Promise<void>
  #frames: Frame[] = []
  #waiting: Waiter[] = []
  #queuedBytes = 0
  #sent: Waiter[] = []
  readonly #sealing: Waiter[] = []
  readonly #writing: Waiter[] = []
  #isScheduled = false
  #isOpen = false
  #isClosing = false
  readonly #opened: Waiter

  private constructor(path: string, onEnd: (thread: JournalThread) => void, opened: Waiter) {
    this.#opened = opened
    this.#worker = new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData: { path } })
    this.#worker.on('message', (answer: JournalAnswer) => this.#answered(answer))
    // The event `exit` follows, and says all that is needed: what failed may quote data.
    this.#worker.on('error', () => undefined)
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end()
        onEnd(this)
        resolve()
      })
    })
  }

  /**
   * Opens the journal at `path` in a thread; `onEnd` hears of its end, wanted or not.
   * @throws SalusError `journal-failed`
   */
  static async start(path: string, onEnd: (thread: JournalThread) => void): Promise<JournalThread> {
    let thread: JournalThread | undefined
    await new Promise<void>((resolve, reject) => {
      thread = new JournalThread(path, onEnd, { resolve, reject })
    })
    return thread as JournalThread
  }

  /** True while more waits than may: what is appended now would be too much. */
  get isFull(): boolean {
    return this.#queuedBytes >= JOURNAL_QUEUE_BYTES_MAX
  }

  /** Appends frames; resolves once they are durable. @throws SalusError `journal-failed` */
  append(frames: readonly Frame[]): Promise<void> {
    if (!this.#isOpen) return Promise.reject(failed())
    for (const frame of frames) this.#frames.push(frame)
    this.#queuedBytes += framesBytes(frames)
    if (this.#sent.length === 0) this.#schedule()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  /** Resolves once everything durable now is sealed and can be read. @throws SalusError `journal-failed` */
  seal(): Promise<void> {
    return this.#ask('seal', this.#sealing)
  }

  /** Runs statements in one commit; resolves once it is durable. @throws SalusError `journal-failed` */
  write(statements: readonly Statement[]): Promise<void> {
    return this.#ask(statements, this.#writing)
  }

  /** Commits what waits, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#worker.ref()
    if (this.#sent.length > 0 || this.#waiting.length > 0) await this.append([]).catch(() => undefined)
    if (this.#isOpen) this.#post('close')
    await this.#ended
  }

  #ask(order: JournalOrder, waiters: Waiter[]): Promise<void> {
    if (!this.#isOpen) return Promise.reject(failed())
    return new Promise((resolve, reject) => {
      waiters.push({ resolve, reject })
      this.#post(order)
    })
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#send()
    })
  }

  #send(): void {
    if (!this.#isOpen || this.#sent.length > 0 || this.#waiting.length === 0) return
    const bytes = packFrames(this.#frames)
    this.#frames = []
    this.#queuedBytes = 0
    this.#sent = this.#waiting
    this.#waiting = []
    this.#post(bytes, [bytes.buffer])
  }

  /** The thread keeps the process alive only while it owes an answer. */
  #post(order: JournalOrder, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.ref()
    this.#worker.postMessage(order, transfer)
  }

  #answered(answer: JournalAnswer): void {
    if (answer === 'appended') {
      const durable = this.#sent
      this.#sent = []
      for (const { resolve } of durable) resolve()
      if (this.#waiting.length > 0) this.#schedule()
    } else if (answer === 'sealed') {
      this.#sealing.shift()?.resolve()
    } else if (answer === 'written') {
      this.#writing.shift()?.resolve()
    } else {
      this.#isOpen = true
      this.#opened.resolve()
    }
    if (!this.#isClosing && !this.#owes()) this.#worker.unref()
  }

  #owes(): boolean {
    return [this.#sent, this.#waiting, this.#sealing, this.#writing].some(({ length }) => length > 0)
  }

  #end(): void {
    this.#isOpen = false
    const waiters = [...this.#sent, ...this.#waiting, ...this.#sealing, ...this.#writing]
    for (const { reject } of waiters) reject(failed())
    this.#opened.reject(failed())
  }
}

function failed(): SalusError {
  return new SalusError('journal-failed', 'disclosures cannot be recorded')
}

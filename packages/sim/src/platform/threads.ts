/**
 * `Worker` threads of simulated processes. Each loads its module anew and runs it in the same Node thread, in a context
 * of its own; messages between it and its parent are events. What fails in it ends it, as it would a real one.
 */
import { EventEmitter } from 'node:events'
import type { Random } from '../random.ts'
import { type Context, current, type SimulatedProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

type WorkerThreads = {
  -readonly [K in keyof typeof import('node:worker_threads')]: typeof import('node:worker_threads')[K]
}
type WorkerOptions = import('node:worker_threads').WorkerOptions

/** How long a message takes to another thread. */
const MESSAGE_US_MAX = 200

let loaded = 0

/** One thread; `parentPort` and `workerData` of the code in it lead here. */
export class SimulatedThread {
  readonly data: unknown
  readonly port = new EventEmitter()
  /** Sends to the parent. */
  readonly post: (message: unknown, transfer?: readonly ArrayBuffer[]) => void
  readonly end: () => void
  /** Ends the thread with an error, which its parent hears of. */
  readonly fail: (error: unknown) => void
  readonly #atEnd: (() => void)[] = []

  constructor(data: unknown, { post, end, fail }: Pick<SimulatedThread, 'post' | 'end' | 'fail'>) {
    this.data = data
    this.post = post
    this.end = end
    this.fail = fail
  }

  atEnd(close: () => void): void {
    this.#atEnd.push(close)
  }

  closeFiles(): void {
    for (const close of this.#atEnd.splice(0)) close()
  }
}

/** Puts the threads in place; returns what takes them out again. */
export function installThreads(scheduler: Scheduler, random: Random): () => void {
  const threads = process.getBuiltinModule('node:worker_threads') as WorkerThreads
  const { Worker, parentPort, workerData } = threads
  const thread = (): SimulatedThread | null => current.getStore()?.thread ?? null
  threads.Worker = simulatedWorker(scheduler, random) as unknown as typeof Worker
  threads.parentPort = {
    on: (event: string, listener: () => void) => thread()?.port.on(event, listener),
    postMessage: (message: unknown, transfer?: readonly ArrayBuffer[]) => thread()?.post(message, transfer),
    close: () => thread()?.end(),
  } as unknown as typeof parentPort
  threads.workerData = new Proxy({}, { get: (_, name) => Reflect.get(thread()?.data ?? {}, name) })
  return () => Object.assign(threads, { Worker, parentPort, workerData })
}

function simulatedWorker(scheduler: Scheduler, random: Random) {
  return class extends EventEmitter {
    readonly #process: SimulatedProcess
    readonly #parent: Context
    readonly #thread: SimulatedThread
    readonly #inside: Context
    #hasEnded = false
    /** Messages keep their order, whatever each would take. */
    #lastUs = { in: 0, out: 0 }

    constructor(url: URL, options: WorkerOptions = {}) {
      super()
      const parent = current.getStore()
      if (!parent) throw new Error('a thread belongs to a process')
      this.#parent = parent
      this.#process = parent.process
      this.#thread = new SimulatedThread(structuredClone(options.workerData), {
        post: (message, transfer) => this.#send('out', message, transfer, (sent) => this.emit('message', sent)),
        end: () => this.#end(),
        fail: (error) => this.#fail(error),
      })
      this.#inside = { process: parent.process, thread: this.#thread }
      this.#load(`${url.href}?thread=${++loaded}`)
    }

    postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void {
      this.#send('in', message, transfer, (sent) => this.#guard(() => this.#thread.port.emit('message', sent)))
    }

    terminate(): Promise<number> {
      this.#end()
      return Promise.resolve(1)
    }

    ref(): void {}

    unref(): void {}

    #load(url: string): void {
      current.run(this.#inside, () => {
        scheduler
          .steady(() => import(url))
          .then(
            () => undefined,
            (error: unknown) => this.#fail(error),
          )
      })
    }

    #send(
      way: 'in' | 'out',
      message: unknown,
      transfer: readonly ArrayBuffer[] | undefined,
      deliver: (message: unknown) => void,
    ): void {
      const sent = structuredClone(message, { transfer: [...(transfer ?? [])] })
      const atUs = Math.max(this.#lastUs[way], scheduler.nowUs + random.between(1, MESSAGE_US_MAX))
      this.#lastUs[way] = atUs
      const context = way === 'in' ? this.#inside : this.#parent
      scheduler.after(atUs - scheduler.nowUs, this.#process, () => {
        if (way === 'out' || !this.#hasEnded) current.run(context, () => deliver(sent))
      })
    }

    #guard(work: () => void): void {
      try {
        work()
      } catch (error) {
        this.#fail(error)
      }
    }

    #fail(error: unknown): void {
      if (this.#hasEnded || !this.#process.isAlive) return
      current.run(this.#parent, () => this.emit('error', error))
      this.#end()
    }

    #end(): void {
      if (this.#hasEnded) return
      this.#hasEnded = true
      scheduler.after(random.between(1, MESSAGE_US_MAX), this.#process, () => {
        this.#thread.closeFiles()
        current.run(this.#parent, () => this.emit('exit', 0))
      })
    }
  }
}

/**
 * Virtual time. Every timer, message, and turn of a simulated process is an event in one queue, ordered by time and
 * then by when it was put there; one event runs at a time, and all that follows from it in promises has ended before
 * the next one runs. So a run is a function of its seed.
 *
 * Some work of the platform ends in a thread of Node that nobody can steer (Web Crypto, loading a module). Such work is
 * done one piece after the other ({@link Scheduler.steady}), in the order in which it was asked for, and no event
 * runs before it has ended.
 */
import { createHash, type Hash } from 'node:crypto'

/** An event that waits; `run` is null once it was cancelled or has run. */
export interface Scheduled {
  readonly atUs: number
  readonly order: number
  /** Whose event it is; events of who died are dropped. */
  readonly owner: { readonly isAlive: boolean } | null
  run: (() => void) | null
}

/** Lines of the trace that are kept to be shown when a run fails. */
const RECENT_LINES = 60

const realSetImmediate = globalThis.setImmediate

export class Scheduler {
  #nowUs = 0
  #order = 0
  #queue: Scheduled[] = []
  #steady: Promise<unknown> = Promise.resolve()
  #steadyCount = 0
  readonly #trace: Hash = createHash('sha256')
  #recent: string[] = []
  events = 0

  /** Microseconds since the start of the run. */
  get nowUs(): number {
    return this.#nowUs
  }

  /** Puts an event `delayUs` from now. */
  after(delayUs: number, owner: Scheduled['owner'], run: () => void): Scheduled {
    const event = { atUs: this.#nowUs + Math.max(0, Math.round(delayUs)), order: this.#order++, owner, run }
    push(this.#queue, event)
    return event
  }

  /** Resolves after `delayUs` of virtual time. */
  sleep(delayUs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayUs, null, resolve))
  }

  /** Does work that ends in a thread of the platform, after all such work that was asked for before. */
  steady<T>(work: () => Promise<T>): Promise<T> {
    this.#steadyCount++
    const result = this.#steady.then(work)
    const ended = (): void => {
      this.#steadyCount--
    }
    this.#steady = result.then(ended, ended)
    return result
  }

  /** Runs events until `untilUs`, or until `isDone`. */
  async run(untilUs: number, isDone: () => boolean = () => false): Promise<void> {
    await this.#settle()
    while (!isDone()) {
      const next = this.#queue[0]
      if (next === undefined || next.atUs > untilUs) {
        this.#nowUs = Math.max(this.#nowUs, untilUs)
        return
      }
      pop(this.#queue)
      this.#nowUs = next.atUs
      const { run } = next
      next.run = null
      if (run === null || next.owner?.isAlive === false) continue
      this.events++
      run()
      await this.#settle()
    }
  }

  /** Adds a line to the trace of the run, of which {@link digest} is made. */
  trace(line: string): void {
    const timed = `${(this.#nowUs / 1000).toFixed(3)} ${line}`
    this.#trace.update(`${timed}\n`)
    this.#recent.push(timed)
    if (this.#recent.length > 2 * RECENT_LINES) this.#recent = this.#recent.slice(-RECENT_LINES)
  }

  /** SHA-256 of all lines so far. */
  digest(): string {
    return this.#trace.copy().digest('hex')
  }

  /** The last lines. */
  recent(): readonly string[] {
    return this.#recent.slice(-RECENT_LINES)
  }

  async #settle(): Promise<void> {
    do await new Promise((resolve) => realSetImmediate(resolve))
    while (this.#steadyCount > 0)
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)
}

/** A binary heap: the next event is the first item. */
function push(heap: Scheduled[], event: Scheduled): void {
  let at = heap.push(event) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(event, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = event
}

function pop(heap: Scheduled[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
}

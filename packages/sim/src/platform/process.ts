/**
 * A simulated process: what runs between a start and a crash. Code belongs to the process in whose context it was
 * started, through promises, timers and callbacks (`AsyncLocalStorage`), so that the platform knows whose clock to
 * show, whose files to close and whose messages to drop. What a dead process still does has no effect.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DiskFault } from './disk.ts'
import type { SimulatedThread } from './threads.ts'

export class SimulatedProcess {
  readonly name: string
  /** Difference of its clock from virtual time. */
  clockOffsetUs: number
  isAlive = true
  /** What its disk does next that it should not; null when it works. */
  diskFault: DiskFault | null = null
  /** Faults that have struck, so that their victims are not blamed. */
  faultsStruck = 0
  readonly #atDeath: (() => void)[] = []
  /** Called when the process ends by itself or by a fault. */
  onDeath: (() => void) | null = null
  onUncaught: ((error: unknown) => void) | null = null

  constructor(name: string, clockOffsetUs = 0) {
    this.name = name
    this.clockOffsetUs = clockOffsetUs
  }

  /** Registers what the operating system does when the process ends: closing its files. */
  atDeath(close: () => void): void {
    this.#atDeath.push(close)
  }

  /** Ends the process at once: nothing it does from here on has an effect. */
  kill(): void {
    if (!this.isAlive) return
    this.isAlive = false
    this.onDeath?.()
  }

  /** An error that nothing in the process caught: it ends the process, and is a fault of it unless something struck. */
  uncaught(error: unknown): void {
    if (!this.isAlive) return
    if (this.faultsStruck === 0) this.onUncaught?.(error)
    this.kill()
  }

  /** Closes what the process had open; to be called when none of its code is on the stack. */
  reap(): void {
    for (const close of this.#atDeath.splice(0)) close()
  }

  run<T>(work: () => T): T {
    return current.run({ process: this, thread: null }, work)
  }
}

/** Where code runs: in a process, and there in its main thread (null) or another. */
export interface Context {
  readonly process: SimulatedProcess
  readonly thread: SimulatedThread | null
}

/** The context of the code that runs now; undefined for the simulator itself. */
export const current: AsyncLocalStorage<Context> = new AsyncLocalStorage<Context>()

/** Clocks and timers of simulated processes: `Date`, `performance.now`, timeouts and immediates on virtual time. */
import { type Context, current } from './process.ts'
import type { Scheduled, Scheduler } from './scheduler.ts'

/** Virtual time begins here: 2026-01-01T00:00:00Z, in milliseconds since 1970. */
export const EPOCH_MS: number = Date.UTC(2026, 0, 1)

/** A timer as Node hands it out. */
class SimulatedTimer {
  #event: Scheduled
  readonly #again: () => Scheduled

  constructor(start: () => Scheduled) {
    this.#again = start
    this.#event = start()
  }

  clear(): void {
    this.#event.run = null
  }

  refresh(): this {
    this.clear()
    this.#event = this.#again()
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.clear()
  }
}

/** Puts the clocks in place; returns what takes them out again. */
export function installTime(scheduler: Scheduler): () => void {
  const real = {
    Date: globalThis.Date,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
    clearImmediate: globalThis.clearImmediate,
  }
  const realNow = performance.now
  const realTimeout = AbortSignal.timeout
  const clear = (realClear: (timer: never) => void) => (timer: unknown) =>
    timer instanceof SimulatedTimer ? timer.clear() : realClear(timer as never)
  Object.assign(globalThis, {
    Date: simulatedDate(scheduler, real.Date),
    ...simulatedTimers(scheduler, real),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  })
  performance.now = () => (current.getStore() ? scheduler.nowUs / 1000 : realNow.call(performance))
  AbortSignal.timeout = (delayMs) => {
    if (!current.getStore()) return realTimeout.call(AbortSignal, delayMs)
    const controller = new AbortController()
    setTimeout(() => controller.abort(new DOMException('the operation timed out', 'TimeoutError')), delayMs)
    return controller.signal
  }
  return () => {
    Object.assign(globalThis, real)
    performance.now = realNow
    AbortSignal.timeout = realTimeout
  }
}

function simulatedDate(scheduler: Scheduler, RealDate: DateConstructor): DateConstructor {
  const now = (): number => {
    const context = current.getStore()
    if (!context) return RealDate.now()
    return EPOCH_MS + Math.floor((scheduler.nowUs + context.process.clockOffsetUs) / 1000)
  }
  return new Proxy(RealDate, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
}

/** Runs a callback of the platform. What it throws ends its thread, or else its process, as uncaught errors do. */
function turn(context: Context, run: () => void): void {
  try {
    current.run(context, run)
  } catch (error) {
    if (context.thread) context.thread.fail(error)
    else context.process.uncaught(error)
  }
}

type Callback = (...values: unknown[]) => void

function simulatedTimers(
  scheduler: Scheduler,
  real: Pick<typeof globalThis, 'setTimeout' | 'setInterval' | 'setImmediate'>,
) {
  const timer = (run: Callback, delayMs: number, values: unknown[], repeats: boolean): SimulatedTimer => {
    const context = current.getStore()!
    const start = (): Scheduled =>
      scheduler.after(Math.max(1, delayMs || 0) * 1000, context.process, () => {
        if (repeats) timed.refresh()
        turn(context, () => run(...values))
      })
    const timed = new SimulatedTimer(start)
    return timed
  }
  return {
    setTimeout: (run: Callback, delayMs = 0, ...values: unknown[]) =>
      current.getStore() ? timer(run, delayMs, values, false) : real.setTimeout(run, delayMs, ...values),
    setInterval: (run: Callback, delayMs = 0, ...values: unknown[]) =>
      current.getStore() ? timer(run, delayMs, values, true) : real.setInterval(run, delayMs, ...values),
    setImmediate: (run: Callback, ...values: unknown[]) => {
      const context = current.getStore()
      if (!context) return real.setImmediate(run, ...values)
      return new SimulatedTimer(() => scheduler.after(0, context.process, () => turn(context, () => run(...values))))
    },
  }
}

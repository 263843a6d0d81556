/**
 * `fetch` between simulated processes: no sockets, but what a network does to messages. A request or its reply can be
 * lost (then silence until the caller's patience ends, or a reset), come twice, or come late; and who is down refuses.
 */
import type { Random } from '../random.ts'
import { current, type SimulatedProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

export interface Delivery {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: Buffer | null
}

export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

/** Who answers at an origin. */
export interface Listener {
  readonly process: SimulatedProcess
  answer(delivery: Delivery): Promise<Answer>
}

/** How likely it is that a message is lost, is doubled, or takes up to `lateUsMax`. */
export interface Weather {
  readonly lost: number
  readonly doubled: number
  readonly late: number
  readonly lateUsMax: number
}

export const CALM: Weather = { lost: 0, doubled: 0, late: 0, lateUsMax: 0 }

/** How many of the lost messages nobody hears of; the connections of the others are reset. */
const SILENT = 0.1

const LATENCY_US = { low: 200, high: 8000 } as const

export class SimulatedNetwork {
  weather: Weather = CALM
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #listeners = new Map<string, Listener>()
  /** Hears of every request that reaches who it is for. */
  onDelivery: ((delivery: Delivery) => void) | null = null

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  listen(origin: string, listener: Listener): void {
    this.#listeners.set(origin, listener)
  }

  /** How long a message takes. */
  latencyUs(): number {
    const { late, lateUsMax } = this.weather
    const { low, high } = LATENCY_US
    return this.#random.chance(late) ? this.#random.between(high, lateUsMax) : this.#random.between(low, high)
  }

  isLost(): boolean {
    return this.#random.chance(this.weather.lost)
  }

  isDoubled(): boolean {
    return this.#random.chance(this.weather.doubled)
  }

  /** Puts `fetch` in place; returns what takes it out again. */
  install(): () => void {
    const real = globalThis.fetch
    globalThis.fetch = (input, init) =>
      current.getStore() ? this.#fetch(new Request(input, init), init?.signal ?? null, init) : real(input, init)
    return () => {
      globalThis.fetch = real
    }
  }

  async #fetch(request: Request, signal: AbortSignal | null, init: RequestInit | undefined): Promise<Response> {
    const body = init?.body == null ? null : Buffer.from(await request.arrayBuffer())
    const headers = Object.fromEntries(request.headers)
    const delivery: Delivery = { method: request.method, url: request.url, headers, body }
    const answer = await this.#exchange(delivery, signal)
    const empty = answer.status === 204 || answer.status === 304 || request.method === 'HEAD'
    return new Response(empty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
    })
  }

  #exchange(delivery: Delivery, signal: AbortSignal | null): Promise<Answer> {
    const caller = current.getStore()?.process ?? null
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      const lose = (): void => {
        if (this.#random.chance(SILENT)) return
        this.#scheduler.after(this.latencyUs(), caller, () => reject(new TypeError('the connection was reset')))
      }
      const send = (): void => {
        if (this.isLost()) {
          lose()
          return
        }
        this.#scheduler.after(this.latencyUs(), null, () => {
          this.#deliver(delivery).then((answer) => {
            if (answer === null) {
              this.#scheduler.after(this.latencyUs(), caller, () => reject(new TypeError('the connection was refused')))
            } else if (this.isLost()) lose()
            else this.#scheduler.after(this.latencyUs(), caller, () => resolve(answer))
          })
        })
      }
      send()
      if (this.isDoubled()) send()
    })
  }

  /** The answer, or null from who is down. */
  async #deliver(delivery: Delivery): Promise<Answer | null> {
    const listener = this.#listeners.get(new URL(delivery.url).origin)
    if (!listener?.process.isAlive) return null
    this.onDelivery?.(delivery)
    const answer = await listener.process.run(() => listener.answer(delivery))
    return listener.process.isAlive ? answer : null
  }
}

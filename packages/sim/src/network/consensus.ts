/**
 * Consensus as the replicas of a network see it: it takes transactions from the members, decides blocks, and tells each
 * replica of them, late or early. What it decided is never lost, and a replica that was away gets every block that it
 * missed, in order (as CometBFT hands them over after its handshake). Two of three members must be up for a block.
 *
 * Transactions can be lost on their way, come twice into one block or two, or come long after their author gave up.
 */
import type { SimulatedNetwork } from '../platform/network.ts'
import type { Scheduler } from '../platform/scheduler.ts'
import { EPOCH_MS } from '../platform/time.ts'
import type { Random } from '../random.ts'

export interface DecidedWires {
  readonly timeMs: number
  readonly wires: readonly Uint8Array[]
  /** Virtual time of the decision. */
  readonly decidedUs: number
}

/** A replica that wants to hear of blocks. */
export interface Follower {
  /** Milliseconds since 1970 by its own clock. */
  nowMs(): number
  /** There are blocks that it may not have. */
  hear(): void
}

const BLOCK_INTERVAL_US = { low: 5_000, high: 120_000 } as const
const FOLLOWERS_MIN = 2

export class Consensus {
  /** The block at height h is at index h - 1. */
  readonly blocks: DecidedWires[] = []
  readonly #scheduler: Scheduler
  readonly #network: SimulatedNetwork
  readonly #random: Random
  readonly #followers = new Set<Follower>()
  #mempool: Uint8Array[] = []
  #isScheduled = false

  constructor(scheduler: Scheduler, network: SimulatedNetwork, random: Random) {
    this.#scheduler = scheduler
    this.#network = network
    this.#random = random
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Hands a transaction in; nobody promises that it arrives, or that it does so once. */
  broadcast(wire: Uint8Array): void {
    const copies = this.#network.isDoubled() ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.#network.isLost()) continue
      this.#scheduler.after(this.#network.latencyUs(), null, () => {
        this.#mempool.push(wire)
        this.#schedule()
      })
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const { low, high } = BLOCK_INTERVAL_US
    this.#scheduler.after(this.#random.between(low, high), null, () => {
      this.#isScheduled = false
      this.#decide()
      if (this.#mempool.length > 0) this.#schedule()
    })
  }

  #decide(): void {
    if (this.#followers.size < FOLLOWERS_MIN || this.#mempool.length === 0) return
    const count = this.#random.between(1, this.#mempool.length)
    const wires = this.#mempool.splice(0, count)
    const clocks = [...this.#followers].map((follower) => follower.nowMs()).sort((a, b) => a - b)
    const median = clocks[clocks.length >> 1]!
    const timeMs = Math.max((this.blocks.at(-1)?.timeMs ?? EPOCH_MS) + 1, median)
    this.blocks.push({ timeMs, wires, decidedUs: this.#scheduler.nowUs })
    for (const follower of this.#followers) {
      this.#scheduler.after(this.#network.latencyUs(), null, () => follower.hear())
    }
  }
}

/**
 * Whether this replica can be behind the network. It is not while CometBFT says that it has caught up, is connected to
 * validators with more than two thirds of the power, itself included, and blocks keep coming, be they empty. Where a
 * network drops packets in silence, connections stand for minutes and only the blocks stay away. Each node tells its
 * peers the address of its consensus key as its name, by which validators are found among them.
 */
import { cometAddress, toHex } from '@salus/core'
import { IDLE_BLOCK_MS } from './home.ts'
import type { CometRpc } from './rpc.ts'

const POLL_MS = 500
/** Blocks come at least this often, but one may be late. */
const BLOCK_MS_MAX = 2 * IDLE_BLOCK_MS
/** A good answer counts for this long: some polls may be late on a busy machine. */
const GOOD_MS_MAX = 4 * POLL_MS

export interface MonitorOptions {
  readonly rpc: CometRpc
  readonly ownKey: Uint8Array
  /** The consensus keys of the validators now. */
  readonly validators: () => readonly Uint8Array[]
  /** Milliseconds since 1970 of the last committed block: what is known before the first good answer. */
  readonly headTimeMs: () => number
  /** Called when CometBFT answers again after it did not. */
  readonly onReachable: () => void
}

export class CometMonitor {
  readonly #options: MonitorOptions
  #timer: NodeJS.Timeout | undefined
  #goodAtMs: number | null = null
  #blockAtMs = Date.now()
  #isReachable = false
  #isClosed = false

  constructor(options: MonitorOptions) {
    this.#options = options
    void this.#poll()
  }

  /** Milliseconds for which this replica may have missed blocks. */
  get lagMs(): number {
    const sinceMs = Date.now() - (this.#goodAtMs ?? this.#options.headTimeMs())
    if (this.#goodAtMs === null || sinceMs > GOOD_MS_MAX) return Math.max(sinceMs, 1)
    const blockMs = Date.now() - this.#blockAtMs
    return blockMs > BLOCK_MS_MAX ? blockMs : 0
  }

  /** This replica has committed a block. */
  committed(): void {
    this.#blockAtMs = Date.now()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #poll(): Promise<void> {
    const atMs = Date.now()
    try {
      const isGood = await this.#isCaughtUp()
      if (!this.#isReachable) this.#options.onReachable()
      this.#isReachable = true
      if (isGood) this.#goodAtMs = atMs
    } catch {
      this.#isReachable = false
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#poll(), POLL_MS).unref()
  }

  async #isCaughtUp(): Promise<boolean> {
    const { rpc, ownKey, validators } = this.#options
    const status = (await rpc.call('status')) as { sync_info: { catching_up: boolean } }
    if (status.sync_info.catching_up) return false
    const { peers } = (await rpc.call('net_info')) as { peers: readonly { node_info: { moniker: string } }[] }
    const connected = new Set(peers.map(({ node_info }) => node_info.moniker))
    connected.add(addressOf(ownKey))
    const known = validators().map(addressOf)
    return 3 * known.filter((address) => connected.has(address)).length > 2 * known.length
  }
}

function addressOf(publicKey: Uint8Array): string {
  return toHex(cometAddress(publicKey))
}

/**
 * A machine that runs nodes: one process, which opens its ledger and then its members' real nodes, dies, and is started
 * again by a supervisor. What it knows after that is what stands in its files.
 */
import type { Ledger } from '@salus/ledger'
import { type OpenNode, openNode } from '@salus/node'
import type { Platform } from '../platform/install.ts'
import type { Answer, Delivery } from '../platform/network.ts'
import { SimulatedProcess } from '../platform/process.ts'
import type { Random } from '../random.ts'
import type { SimulatedMember } from './genesis.ts'

export interface SiteParts {
  readonly name: string
  readonly platform: Platform
  readonly random: Random
  readonly members: readonly SimulatedMember[]
  readonly genesisText: string
  /** Opens the ledger of this site; called inside its process. */
  readonly openLedger: (process: SimulatedProcess) => Promise<Ledger>
  /** The ledger as the nodes of this process are given it. */
  readonly linkLedger: (ledger: Ledger, process: SimulatedProcess) => Ledger
  /** Hears of a ledger that was opened, before anything uses it. */
  readonly onLedger: (site: string, ledger: Ledger) => void
  /** Hears of each node that was opened. */
  readonly onNode: (ledger: Ledger, node: OpenNode) => void
  /** Hears of an error that no fault explains. */
  readonly onUncaught: (site: string, error: unknown) => void
}

const RESTART_US = { low: 50_000, high: 3_000_000 } as const

export class Site {
  readonly name: string
  readonly members: readonly SimulatedMember[]
  readonly #parts: SiteParts
  #process: SimulatedProcess
  #ledger: Ledger | null = null
  readonly #nodes = new Map<string, OpenNode>()
  #clockOffsetUs = 0
  #isServing = false
  /** True while the site is to be down for no longer than a start takes. */
  isHurried = false

  constructor(parts: SiteParts) {
    this.#parts = parts
    this.name = parts.name
    this.members = parts.members
    this.#process = this.#begin()
  }

  get process(): SimulatedProcess {
    return this.#process
  }

  /** True when all its nodes answer. */
  get isServing(): boolean {
    return this.#process.isAlive && this.#isServing
  }

  /** The ledger while the site is up. */
  get ledger(): Ledger | null {
    return this.#process.isAlive ? this.#ledger : null
  }

  node(memberId: string): OpenNode | undefined {
    return this.isServing ? this.#nodes.get(memberId) : undefined
  }

  /** Moves the clock, under the running process too. */
  jumpClock(byUs: number): void {
    this.#clockOffsetUs += byUs
    this.#process.clockOffsetUs = this.#clockOffsetUs
  }

  #begin(): SimulatedProcess {
    const { platform, name } = this.#parts
    const process = new SimulatedProcess(name, this.#clockOffsetUs)
    this.#isServing = false
    this.#ledger = null
    this.#nodes.clear()
    process.onUncaught = (error) => this.#parts.onUncaught(name, error)
    process.onDeath = () => {
      platform.scheduler.trace(`${name}: dies`)
      platform.scheduler.after(0, null, () => {
        process.reap()
        const { low, high } = RESTART_US
        const pauseUs = this.isHurried ? low : this.#parts.random.between(low, high)
        platform.scheduler.after(pauseUs, null, () => {
          this.#process = this.#begin()
        })
      })
    }
    platform.scheduler.after(0, process, () => {
      process.run(() => this.#open(process)).catch((error: unknown) => process.uncaught(error))
    })
    return process
  }

  async #open(process: SimulatedProcess): Promise<void> {
    const { name, members, genesisText, platform, openLedger, linkLedger, onLedger, onNode } = this.#parts
    const ledger = await openLedger(process)
    if (!process.isAlive) return
    this.#ledger = ledger
    onLedger(name, ledger)
    for (const member of members) {
      const { handle, directory, keyFile, url } = member
      const linked = linkLedger(ledger, process)
      const node = await openNode({ handle, directory, keyFile, genesisText, ledger: linked, consensusKey: null })
      if (!process.isAlive) return
      this.#nodes.set(member.id, node)
      onNode(ledger, node)
      platform.network.listen(url, { process, answer: (delivery) => answer(node, delivery) })
    }
    this.#isServing = true
    platform.scheduler.trace(`${name}: serves at height ${ledger.status().height}`)
  }
}

/** Hands a request to the node's server, without a socket. */
async function answer({ app }: OpenNode, { method, url, headers, body }: Delivery): Promise<Answer> {
  const { pathname, search } = new URL(url)
  const reply = await app.inject({
    method: method as 'GET' | 'POST' | 'PUT',
    url: pathname + search,
    headers,
    ...(body === null ? {} : { payload: body }),
  })
  const replied = Object.entries(reply.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  )
  return { status: reply.statusCode, headers: replied, body: reply.rawPayload }
}

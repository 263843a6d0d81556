/**
 * A member's ledger under the simulated consensus: the real replicated application over a real file. Between executing
 * a block, committing it and telling of it other events come in, so that a crash or a read strikes at each of them.
 */

import type { Genesis } from '@salus/core'
import {
  checkpointOrigin,
  isSalusError,
  parseTransaction,
  SalusError,
  signCheckpoint,
  toHex,
  verifySignature,
} from '@salus/core'
import type {
  CommittedBlock,
  DecidedBlock,
  Ledger,
  LedgerStatus,
  LogProof,
  Receipt,
  Relay,
  ReplicatedApplication,
  StateProof,
} from '@salus/ledger'
import type { SimulatedNetwork } from '../platform/network.ts'
import type { SimulatedProcess } from '../platform/process.ts'
import type { Scheduler } from '../platform/scheduler.ts'
import type { Random } from '../random.ts'
import type { Consensus, Follower } from './consensus.ts'

export interface ReplicaParts {
  readonly application: ReplicatedApplication & { readonly genesis: Genesis }
  readonly consensus: Consensus
  readonly process: SimulatedProcess
  readonly scheduler: Scheduler
  readonly network: SimulatedNetwork
  readonly random: Random
  readonly engineKey: Uint8Array
}

/** How long a step of a commit takes, and how long a transaction is waited for. */
const STEP_US_MAX = 3000
const COMMIT_TIMEOUT_MS = 10_000

interface Waiting {
  readonly resolve: (receipt: Receipt) => void
}

export class Replica implements Ledger, Follower {
  readonly #parts: ReplicaParts
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  readonly #waiting = new Map<string, Set<Waiting>>()
  readonly #unfollow: () => void
  #isBusy = false
  #severedUntilUs = 0
  /** Ways to the network through other members, once the node has them. */
  relays: () => readonly Relay[] = () => []

  constructor(parts: ReplicaParts) {
    this.#parts = parts
    this.#unfollow = parts.consensus.follow(this)
    parts.process.atDeath(this.#unfollow)
    this.hear()
  }

  nowMs(): number {
    return this.#parts.process.run(() => Date.now())
  }

  /** True once it has every block. */
  get isCurrent(): boolean {
    return this.#parts.application.head.height === this.#parts.consensus.blocks.length
  }

  /** The validator is down for a while: the replica hears of no block, and others must carry its transactions. */
  sever(forUs: number): void {
    const { scheduler, process } = this.#parts
    this.#severedUntilUs = Math.max(this.#severedUntilUs, scheduler.nowUs + forUs)
    scheduler.after(forUs, process, () => this.hear())
  }

  get #isSevered(): boolean {
    return this.#parts.scheduler.nowUs < this.#severedUntilUs
  }

  hear(): void {
    if (this.#isSevered || this.#isBusy || !this.#parts.process.isAlive || this.isCurrent) return
    this.#isBusy = true
    this.#step(() => this.#finalize())
  }

  submit(transaction: Uint8Array): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const wire = transaction.slice()
      const { body, id, signature } = parseTransaction(wire)
      if (!verifySignature(body.signer, id, signature)) {
        throw new SalusError('signature-invalid', 'the signature of the transaction does not hold')
      }
      if (this.#isSevered || this.#parts.network.isLost()) {
        resolve(this.#relay(wire))
        return
      }
      const name = toHex(wire)
      const waiting: Waiting = { resolve }
      const waiters = this.#waiting.get(name) ?? new Set()
      this.#waiting.set(name, waiters.add(waiting))
      setTimeout(() => {
        if (waiters.delete(waiting)) reject(new SalusError('ledger-timeout', 'no block held the transaction in time'))
      }, COMMIT_TIMEOUT_MS)
      this.#parts.consensus.broadcast(wire)
    })
  }

  /** What the own engine cannot take is carried by another member, whose receipt counts. */
  async #relay(wire: Uint8Array): Promise<Receipt> {
    for (const relay of this.relays()) {
      const receipt = await relay(wire).catch(() => null)
      if (receipt !== null) return receipt
    }
    throw new SalusError('ledger-timeout', 'no member took the transaction')
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#parts.application.get(key)
  }

  async proveState(key: Uint8Array): Promise<StateProof> {
    return { ...this.#parts.application.proveState(key), checkpoint: this.checkpoint() }
  }

  async proveEntry(index: number): Promise<LogProof> {
    return { ...this.#parts.application.proveEntry(index), checkpoint: this.checkpoint() }
  }

  checkpoint(): string {
    const { application, engineKey } = this.#parts
    const { height, timeMs, protocol, logSize, logRoot, stateRoot } = application.head
    const origin = checkpointOrigin(application.genesis)
    return signCheckpoint({ origin, height, timeMs, protocol, logSize, logRoot, stateRoot }, engineKey)
  }

  status(): LedgerStatus {
    const { application, consensus, scheduler } = this.#parts
    const { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys } = application.head
    const { ledgerId } = application.genesis
    const next = consensus.blocks[height]
    const lagMs = next === undefined ? 0 : (scheduler.nowUs - next.decidedUs) / 1000
    const head = { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys }
    return { engine: 'cometbft', ledgerId, lagMs, isFailed: false, ...head }
  }

  tile(path: string): Uint8Array | undefined {
    return this.#parts.application.tile(path)
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  block(height: number): CommittedBlock | undefined {
    return this.#parts.application.block(height)
  }

  async close(): Promise<void> {
    this.#unfollow()
    this.#parts.application.close()
  }

  /** Runs one step later; a failure of the application ends the process, which must open it again. */
  #step(work: () => void): void {
    const { scheduler, process, random } = this.#parts
    scheduler.after(random.between(0, STEP_US_MAX), process, () => {
      process.run(() => {
        try {
          work()
        } catch (error) {
          process.uncaught(error)
        }
      })
    })
  }

  #finalize(): void {
    const { application, consensus } = this.#parts
    const height = application.head.height + 1
    const { timeMs, wires } = consensus.blocks[height - 1]!
    const block: DecidedBlock = { height, timeMs, transactions: wires.map((wire) => ({ wire, checked: check(wire) })) }
    const { codes } = application.finalize(block)
    this.#step(() => this.#commit(wires, codes))
  }

  #commit(wires: readonly Uint8Array[], codes: readonly (string | null)[]): void {
    const block = this.#parts.application.commit()
    this.#step(() => this.#tell(block, wires, codes))
  }

  #tell(block: CommittedBlock, wires: readonly Uint8Array[], codes: readonly (string | null)[]): void {
    for (const listener of this.#listeners) listener(block)
    wires.forEach((wire, i) => {
      const name = toHex(wire)
      const { height, timeMs, firstLogIndex } = block
      const transactionId = parseTransaction(wire).id
      const receipt: Receipt = { transactionId, height, timeMs, logIndex: firstLogIndex + i, code: codes[i] ?? null }
      for (const { resolve } of this.#waiting.get(name) ?? []) resolve(receipt)
      this.#waiting.get(name)?.clear()
      this.#waiting.delete(name)
    })
    this.#isBusy = false
    this.hear()
  }
}

function check(wire: Uint8Array): DecidedBlock['transactions'][number]['checked'] {
  try {
    const transaction = parseTransaction(wire)
    const { body, id, signature } = transaction
    if (verifySignature(body.signer, id, signature)) return { transaction, code: null }
    return { transaction: null, code: 'signature-invalid' }
  } catch (error) {
    if (!isSalusError(error)) throw error
    return { transaction: null, code: error.code }
  }
}

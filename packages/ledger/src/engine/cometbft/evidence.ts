/**
 * Checkpoints of a replica on CometBFT. The header of H + 1 states the app hash of H; with its commit, and the headers
 * that lead to it, it proves the checkpoint of H to whoever has the genesis file. This fetches what the own CometBFT has
 * stored: at once what somebody waits for, the newest at most twice a second, for under load that would cost as much
 * as the blocks. Where a block changed nothing, the checkpoint before it says the same and serves.
 */
import { join } from 'node:path'
import {
  appHash,
  type CometHeader,
  type CommitHop,
  checkpointOrigin,
  cometTimeMs,
  commitCheckpoint,
  decodeCommitEvidence,
  equalBytes,
  fromBase64,
  type Genesis,
  isSalusError,
  SalusError,
} from '@salus/core'
import { headerHash, withoutWitnesses } from '@salus/proof'
import type { BlockRow } from '../../store.ts'
import { fetchHeader, fetchLightBlock } from './light-block.ts'
import type { Replica } from './replica.ts'
import type { CometRpc } from './rpc.ts'
import { TrustChain } from './trust-chain.ts'

/** How long a proof waits for the next block. */
const PROOF_MS_MAX = 15_000
const RETRY_MS = 200
/** The newest checkpoint is fetched so often at most, unless somebody waits for it. */
const NEWEST_MS_MIN = 500

export interface ProverOptions {
  /** The folder of `evidence.sqlite`. */
  readonly directory: string
  readonly genesis: Genesis
  readonly rpc: CometRpc
  readonly replica: Replica
}

interface Proven {
  readonly height: number
  readonly appHash: Uint8Array
  readonly note: string
}

interface Wanted {
  readonly resolve: (note: string) => void
  readonly reject: (error: unknown) => void
}

export class CheckpointProver {
  readonly #options: ProverOptions
  readonly #chain: TrustChain
  /** Who waits for the checkpoint of a height. */
  readonly #wanted = new Map<number, Set<Wanted>>()
  #latest: Proven | null = null
  #lastHeader: CometHeader | null = null
  /** When the newest checkpoint was fetched last. */
  #newestAtMs = Number.NEGATIVE_INFINITY
  #later: NodeJS.Timeout | undefined
  #isRunning = false
  #isClosed = false

  constructor(options: ProverOptions) {
    this.#options = options
    this.#chain = new TrustChain(join(options.directory, 'evidence.sqlite'), options.genesis)
  }

  /** The block at `height`, which is about to be committed, changes the validators. */
  expectValidators(height: number): void {
    this.#chain.expectChange(height)
  }

  /**
   * Takes over the headers of another member's checkpoint, which lead from the genesis to where a replica begins that
   * has not seen them. Returns the last: its height and hash.
   * @throws SalusError those of `openCheckpoint`
   */
  adopt(note: string): { readonly height: number; readonly hash: Uint8Array } {
    const { genesis } = this.#options
    const evidence = decodeCommitEvidence(noteContent(withoutWitnesses(note, genesis)))
    for (const hop of evidence.hops) this.#chain.keep(hop)
    const { header } = evidence.hops.at(-1) as CommitHop
    return { height: header.height, hash: headerHash(header) }
  }

  /** There is a new block, or CometBFT can be asked. */
  advance(): void {
    if (this.#isRunning || this.#isClosed) return
    this.#isRunning = true
    void this.#run()
  }

  /**
   * The latest checkpoint that is proven.
   * @throws SalusError `checkpoint-pending` before there is any
   */
  latest(): string {
    if (this.#latest !== null) return this.#latest.note
    throw new SalusError('checkpoint-pending', 'the network has not proven a checkpoint yet')
  }

  /**
   * A checkpoint that says what the head is now.
   * @throws SalusError `checkpoint-pending` when the next block does not come in time, `ledger-closed`
   */
  proveHead(): Promise<string> {
    const { application } = this.#options.replica
    const { head } = application
    const hash = appHash(head)
    if (this.#latest && equalBytes(this.#latest.appHash, hash)) return Promise.resolve(this.#latest.note)
    const before = application.row(head.height - 1)
    const isUnchanged = before !== undefined && equalBytes(appHash(before), hash)
    return this.#whenProven(isUnchanged ? before.height : head.height)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#later)
    const error = new SalusError('ledger-closed', 'the ledger is closed')
    for (const all of this.#wanted.values()) for (const { reject } of all) reject(error)
    this.#chain.close()
  }

  #whenProven(height: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const all = this.#wanted.get(height) ?? new Set()
      this.#wanted.set(height, all)
      const end = (): void => {
        clearTimeout(timer)
        all.delete(wanted)
        if (all.size === 0) this.#wanted.delete(height)
      }
      const wanted: Wanted = {
        resolve: (note) => {
          end()
          resolve(note)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      }
      const late = (): void =>
        wanted.reject(new SalusError('checkpoint-pending', 'the next block did not come in time'))
      const timer = setTimeout(late, PROOF_MS_MAX)
      all.add(wanted)
      this.advance()
    })
  }

  /** Proves what is wanted, lowest first, then the newest; until nothing is left to do. */
  async #run(): Promise<void> {
    try {
      while (await this.#step()) if (this.#isClosed) return
    } catch (error) {
      if (!isSalusError(error)) throw error
      if (!this.#isClosed) setTimeout(() => this.advance(), RETRY_MS).unref()
    } finally {
      this.#isRunning = false
    }
  }

  /** False when there is nothing to do. */
  async #step(): Promise<boolean> {
    const { replica, rpc } = this.#options
    const { head } = replica.application
    const missing = this.#chain.missing(head.height)
    if (missing !== undefined) {
      const hop = await fetchLightBlock(rpc, missing)
      if (!this.#isClosed) this.#chain.keep(hop)
      return true
    }
    const height = this.#nextHeight(head)
    if (height === undefined) return false
    await this.#prove(height)
    return true
  }

  #nextHeight(head: BlockRow): number | undefined {
    const wanted = [...this.#wanted.keys()].filter((height) => height < head.height)
    if (wanted.length > 0) return Math.min(...wanted)
    const newest = head.height - 1
    const isNew = newest > (this.#latest?.height ?? -1) && this.#options.replica.application.row(newest) !== undefined
    if (!isNew) return undefined
    const earlyMs = this.#newestAtMs + NEWEST_MS_MIN - performance.now()
    if (earlyMs > 0) {
      clearTimeout(this.#later)
      this.#later = setTimeout(() => this.advance(), earlyMs).unref()
      return undefined
    }
    this.#newestAtMs = performance.now()
    return newest
  }

  async #prove(height: number): Promise<void> {
    const { rpc, replica, genesis } = this.#options
    const row = replica.application.row(height) as BlockRow
    const target = await fetchLightBlock(rpc, height + 1)
    const known = this.#lastHeader?.height === height ? this.#lastHeader : null
    const previous = height === 0 ? null : (known ?? (await fetchHeader(rpc, height)))
    if (this.#isClosed) return
    const hops = this.#chain.wayTo(target)
    if (hops === undefined) throw new SalusError('checkpoint-unproven', 'no headers lead from the genesis to this one')
    const { logSize, logRoot, stateRoot, protocol } = row
    const timeMs = previous === null ? genesis.timeMs : cometTimeMs(previous.time)
    const origin = checkpointOrigin(genesis)
    const checkpoint = { origin, logSize, logRoot, stateRoot, height, timeMs, protocol }
    const note = commitCheckpoint(checkpoint, { previous, hops })
    this.#lastHeader = target.header
    if (height > (this.#latest?.height ?? -1)) this.#latest = { height, appHash: appHash(row), note }
    for (const { resolve } of [...(this.#wanted.get(height) ?? [])]) resolve(note)
  }
}

/** What a note with one signature line has after the key's id, which is 4 bytes. */
function noteContent(bareNote: string): Uint8Array {
  return fromBase64(bareNote.trimEnd().split(' ').at(-1) as string).subarray(4)
}

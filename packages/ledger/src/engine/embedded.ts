/**
 * The embedded engine: one process orders, executes and commits. Transactions keep the order of their arrival. While
 * signatures are being checked or a block is being committed, further transactions gather, and the next block takes
 * them together: one durable write for all of them (group commit). Blocks are never empty.
 */
import {
  checkpointOrigin,
  ed25519PublicKey,
  equalBytes,
  parseTransaction,
  SalusError,
  signCheckpoint,
} from '@salus/core'
import type { LogProof, StateProof } from '@salus/proof'
import type { CommittedBlock, Ledger, LedgerStatus, Receipt } from '../ledger.ts'
import { Application, type ApplicationOptions } from './application.ts'
import { ByteSlab } from './byte-slab.ts'
import { BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX } from './engine.ts'
import { VALID, type Verdict } from './signature-batch.ts'
import { SignaturePool } from './signature-pool.ts'

/** Transactions that may wait for a block. */
export const QUEUE_TRANSACTIONS_MAX = 50_000
/** Bytes of transactions that may wait for a block. */
export const QUEUE_BYTES_MAX: number = 64 * 1024 * 1024
/** How long checked transactions wait for others whose signatures are still being checked. */
const GATHER_MS_MAX = 10

/** `engineKey` is the Ed25519 seed of the key that the genesis file names; `clock` gives milliseconds since 1970. */
export interface EmbeddedOptions extends ApplicationOptions {
  readonly engineKey: Uint8Array
  readonly clock?: () => number
}

interface Waiting {
  readonly wire: Uint8Array
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
  /** Null until it was checked. */
  verdict: Verdict | null
}

export class EmbeddedLedger implements Ledger {
  readonly #application: Application
  readonly #signatures: SignaturePool
  readonly #engineKey: Uint8Array
  readonly #clock: () => number
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  readonly #slab = new ByteSlab()
  #queue: Waiting[] = []
  #queueBytes = 0
  /** Transactions in the queue whose signatures are being checked. */
  #pendingChecks = 0
  #gatherSinceMs: number | null = null
  #isScheduled = false
  #isClosed = false
  /** The failure after which nothing can be committed. */
  #failure: unknown = null
  #whenDrained: (() => void) | null = null
  #note: { readonly height: number; readonly text: string } | null = null

  /** @throws SalusError `engine-key-mismatch`, and those of {@link Application} */
  constructor(options: EmbeddedOptions) {
    this.#application = new Application(options)
    this.#engineKey = options.engineKey.slice()
    this.#clock = options.clock ?? Date.now
    const { engine } = this.#application.genesis
    if (engine.kind !== 'embedded' || !equalBytes(ed25519PublicKey(this.#engineKey), engine.publicKey)) {
      this.#application.close()
      throw new SalusError('engine-key-mismatch', 'the genesis file names another engine key')
    }
    this.#signatures = new SignaturePool()
  }

  submit(transaction: Uint8Array): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#checkRoom(transaction.length)
      const wire = this.#slab.copy(transaction)
      const waiting: Waiting = { wire, resolve, reject, verdict: null }
      this.#queue.push(waiting)
      this.#queueBytes += wire.length
      this.#pendingChecks++
      this.#signatures.check(wire, (verdict) => {
        waiting.verdict = verdict
        this.#pendingChecks--
        this.#schedule()
      })
    })
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#application.get(key)
  }

  async proveState(key: Uint8Array): Promise<StateProof> {
    return { ...this.#application.proveState(key), checkpoint: this.checkpoint() }
  }

  async proveEntry(index: number): Promise<LogProof> {
    return { ...this.#application.proveEntry(index), checkpoint: this.checkpoint() }
  }

  checkpoint(): string {
    const { height, timeMs, protocol, logSize, logRoot, stateRoot } = this.#application.head
    if (this.#note?.height !== height) {
      const origin = checkpointOrigin(this.#application.genesis)
      const checkpoint = { origin, logSize, logRoot, stateRoot, height, timeMs, protocol }
      this.#note = { height, text: signCheckpoint(checkpoint, this.#engineKey) }
    }
    return this.#note.text
  }

  status(): LedgerStatus {
    const { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys } = this.#application.head
    const { ledgerId } = this.#application.genesis
    const isFailed = this.#failure !== null
    const head = { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys }
    return { engine: 'embedded', ledgerId, lagMs: 0, isFailed, ...head }
  }

  tile(path: string): Uint8Array | undefined {
    return this.#application.tile(path)
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    const own = (block: CommittedBlock): void => listener(block)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  block(height: number): CommittedBlock | undefined {
    return this.#application.block(height)
  }

  /** Commits what waits, then ends. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#queue.length > 0) await new Promise<void>((resolve) => (this.#whenDrained = resolve))
    await this.#signatures.close()
    this.#application.close()
  }

  #checkRoom(wireBytes: number): void {
    if (this.#failure) throw this.#failed()
    if (this.#isClosed) throw new SalusError('ledger-closed', 'the ledger is closed')
    if (this.#queue.length >= QUEUE_TRANSACTIONS_MAX || this.#queueBytes + wireBytes > QUEUE_BYTES_MAX) {
      throw new SalusError('ledger-full', 'too many transactions wait for a block', { QUEUE_TRANSACTIONS_MAX })
    }
  }

  /** Makes a block now, or when more signatures are checked: each check that ends comes back here. */
  #schedule(): void {
    if (this.#isScheduled || this.#queue.length === 0 || this.#queue[0]?.verdict === null) return
    const now = performance.now()
    this.#gatherSinceMs ??= now
    const isGathering = this.#pendingChecks > 0 && now - this.#gatherSinceMs < GATHER_MS_MAX
    if (isGathering && this.#queue.length - this.#pendingChecks < BLOCK_TRANSACTIONS_MAX) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#gatherSinceMs = null
      this.#makeBlock()
      this.#schedule()
      if (this.#queue.length === 0) this.#whenDrained?.()
    })
  }

  #makeBlock(): void {
    const taken = this.#takeChecked()
    if (taken.length === 0) return
    const { head } = this.#application
    const height = head.height + 1
    const timeMs = Math.max(head.timeMs + 1, this.#clock())
    try {
      const transactions = taken.map(({ wire }) => {
        return { wire, checked: { transaction: parseTransaction(wire), code: null } }
      })
      const { codes } = this.#application.finalize({ height, timeMs, transactions })
      const block = this.#application.commit()
      this.#notify(block)
      transactions.forEach(({ checked }, i) => {
        const code = codes[i] as string | null
        const { id } = checked.transaction
        taken[i]?.resolve({ transactionId: id, height, timeMs, logIndex: block.firstLogIndex + i, code })
      })
    } catch (error) {
      this.#fail(error, taken)
    }
  }

  /** Takes the transactions of the next block from the head of the queue; what no block may hold is turned away. */
  #takeChecked(): Waiting[] {
    const taken: Waiting[] = []
    let count = 0
    let total = 0
    for (const waiting of this.#queue) {
      if (waiting.verdict === null || taken.length === BLOCK_TRANSACTIONS_MAX) break
      if (waiting.verdict === VALID) {
        if (total + waiting.wire.length > BLOCK_BYTES_MAX) break
        total += waiting.wire.length
        taken.push(waiting)
      } else waiting.reject(refusal(waiting.wire))
      this.#queueBytes -= waiting.wire.length
      count++
    }
    this.#queue = this.#queue.slice(count)
    return taken
  }

  /** What a listener throws is its own fault: it surfaces as an uncaught error and does not undo the commit. */
  #notify(block: CommittedBlock): void {
    for (const listener of this.#listeners) {
      try {
        listener(block)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** The file or the rules failed: whether the block was kept is known only after opening the ledger again. */
  #fail(error: unknown, taken: readonly Waiting[]): void {
    this.#failure = error
    for (const { reject } of [...taken, ...this.#queue]) reject(this.#failed())
    this.#queue = []
    this.#queueBytes = 0
    this.#whenDrained?.()
  }

  #failed(): SalusError {
    return new SalusError('ledger-failed', 'the ledger cannot commit and must be opened again', {}, this.#failure)
  }
}

/** Why a transaction was turned away: what can be taken apart is badly signed. */
function refusal(wire: Uint8Array): unknown {
  try {
    parseTransaction(wire)
    return new SalusError('signature-invalid', 'the signature of the transaction does not hold')
  } catch (error) {
    return error
  }
}

/**
 * The replicated application: state, log and replay set of one ledger, moved block by block.
 *
 * `finalize` puts the block into the trees in memory, which gives their roots. Until `commit` has made it durable,
 * any read first takes the block out of the trees again, and `commit` puts it back in: so readers see one height, the
 * committed one, and an engine that commits at once pays nothing for it.
 */
import { appHash, encode, equalBytes, type Genesis, LogEntry, readGenesis, SalusError } from '@salus/core'
import type { StateProof } from '@salus/proof'
import { applyBlock, applyGenesis, type Outcome } from '../apply-block.ts'
import { digest } from '../digest.ts'
import type { CommittedBlock } from '../ledger.ts'
import { LogStore } from '../log/log-store.ts'
import { type ExecutedId, ReplaySet } from '../replay-set.ts'
import type { Rules } from '../rules.ts'
import { AuthenticatedState } from '../state/state.ts'
import { type BlockRow, Store } from '../store.ts'
import type { DecidedBlock, FinalizedBlock, ReplicatedApplication } from './engine.ts'

/** What opening needs: the folder of the ledger's file, the exact text of its genesis file, and the rules. */
export interface ApplicationOptions {
  readonly directory: string
  readonly genesis: string
  readonly rules: Rules
}

interface StagedBlock {
  readonly block: DecidedBlock
  readonly outcome: Outcome
  readonly entries: readonly Uint8Array[]
  readonly row: BlockRow
}

export class Application implements ReplicatedApplication {
  readonly genesis: Genesis
  readonly #rules: Rules
  readonly #store: Store
  readonly #state: AuthenticatedState
  readonly #log: LogStore
  readonly #replays = new ReplaySet()
  #head: BlockRow
  #staged: StagedBlock | null = null
  /** True while the trees in memory hold the staged block. */
  #isInTrees = false

  /**
   * Opens the ledger, or begins it with its genesis state at height 0.
   * @throws SalusError `genesis-malformed`, `store-*`, `ledger-corrupt` when the file is not what its last block says
   */
  constructor({ directory, genesis, rules }: ApplicationOptions) {
    this.genesis = readGenesis(genesis)
    this.#rules = rules
    this.#store = new Store(directory, this.genesis.ledgerId)
    try {
      const last = this.#store.lastBlock()
      this.#state = new AuthenticatedState(this.#store)
      if (!last && this.#state.size > 0) throw new SalusError('ledger-corrupt', 'there is a state without a block')
      this.#log = new LogStore(this.#store, last?.logSize ?? 0)
      this.#head = last ?? this.#begin()
      this.#checkRoots()
      this.#replays.load(this.#store, this.#head.timeMs)
    } catch (error) {
      this.#store.close()
      throw error
    }
  }

  get head(): BlockRow {
    return this.#head
  }

  appHash(): Uint8Array {
    return appHash(this.#head)
  }

  finalize(block: DecidedBlock): FinalizedBlock {
    this.#takeOut()
    this.#checkSequence(block)
    const protocol = this.#rules.protocolAt(this.#state, block.height)
    const before = { ledgerId: this.genesis.ledgerId, state: this.#state, rules: this.#rules, replayed: this.#replays }
    const { height, timeMs, transactions } = block
    const outcome = applyBlock(before, { height, timeMs, transactions: transactions.map((t) => t.checked) })
    const entries = transactions.map(({ wire }, i) =>
      encode(LogEntry, { transaction: wire, height, timeMs, code: outcome.codes[i] as string | null }),
    )
    this.#putIn(outcome, entries)
    const firstIndex = this.#head.logSize
    this.#staged = { block, outcome, entries, row: this.#rowOf(height, timeMs, protocol, firstIndex) }
    const written = (key: Uint8Array): Uint8Array | null | undefined => {
      const keyHash = digest(key)
      return outcome.writes.find((write) => equalBytes(write.keyHash, keyHash))?.value
    }
    return { codes: outcome.codes, appHash: appHash(this.#staged.row), written }
  }

  commit(): CommittedBlock {
    const staged = this.#staged
    if (!staged) throw new SalusError('block-height', 'no block is finalized')
    if (!this.#isInTrees) this.#putIn(staged.outcome, staged.entries)
    const { row, outcome, entries } = staged
    this.#store.transaction(() => {
      this.#store.insertBlock(row)
      this.#log.write()
      this.#state.write(row.height)
      this.#replays.write(this.#store, row.height, row.timeMs, outcome.executed)
    })
    this.#replays.add(outcome.executed, row.timeMs)
    this.#head = row
    this.#staged = null
    this.#isInTrees = false
    return { height: row.height, timeMs: row.timeMs, entries, firstLogIndex: row.firstIndex }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#takeOut()
    return this.#state.get(key)
  }

  proveState(key: Uint8Array): Omit<StateProof, 'checkpoint'> {
    this.#takeOut()
    return this.#state.prove(key)
  }

  proveEntry(index: number): { entry: Uint8Array; index: number; path: Uint8Array[] } {
    this.#takeOut()
    const path = this.#log.inclusionPath(index)
    return { entry: this.#log.entries(index, index + 1)[0] as Uint8Array, index, path }
  }

  /** Proof that the log begins with what it was at `size`. */
  proveConsistency(size: number): Uint8Array[] {
    this.#takeOut()
    return this.#log.consistencyPath(size)
  }

  tile(path: string): Uint8Array | undefined {
    this.#takeOut()
    return this.#log.resource(path)
  }

  block(height: number): CommittedBlock | undefined {
    this.#takeOut()
    const row = this.#store.block(height)
    if (!row) return undefined
    const { timeMs, firstIndex, logSize } = row
    return { height, timeMs, entries: this.#log.entries(firstIndex, logSize), firstLogIndex: firstIndex }
  }

  /** What the block at `height` committed to, or undefined. */
  row(height: number): BlockRow | undefined {
    return height === this.#head.height ? this.#head : this.#store.block(height)
  }

  /** True when the transaction was executed and has not expired. */
  hasExecuted(id: ExecutedId): boolean {
    return this.#replays.has(id)
  }

  close(): void {
    this.#store.close()
  }

  #begin(): BlockRow {
    this.#state.stage(applyGenesis((state) => this.#rules.start(state, this.genesis)))
    const row = this.#rowOf(0, this.genesis.timeMs, this.genesis.protocol, 0)
    this.#store.transaction(() => {
      this.#store.insertBlock(row)
      this.#state.write(0)
    })
    return row
  }

  #rowOf(height: number, timeMs: number, protocol: number, firstIndex: number): BlockRow {
    const log = { logSize: this.#log.size, logRoot: this.#log.root() }
    const state = { stateRoot: this.#state.root(), stateKeys: this.#state.size }
    return { height, timeMs, protocol, firstIndex, ...log, ...state }
  }

  #checkSequence({ height, timeMs }: DecidedBlock): void {
    if (height !== this.#head.height + 1) {
      throw new SalusError('block-height', 'the block does not follow the head', { height, head: this.#head.height })
    }
    if (timeMs < this.#head.timeMs) throw new SalusError('block-time', 'the block is older than the head', { height })
  }

  #checkRoots(): void {
    const { height, stateRoot, logRoot } = this.#head
    const isSame = equalBytes(this.#state.root(), stateRoot) && equalBytes(this.#log.root(), logRoot)
    if (!isSame) throw new SalusError('ledger-corrupt', 'state or log are not what the last block says', { height })
  }

  #putIn({ writes }: Outcome, entries: readonly Uint8Array[]): void {
    this.#state.stage(writes)
    this.#log.stage(entries)
    this.#isInTrees = true
  }

  #takeOut(): void {
    if (!this.#isInTrees) return
    this.#state.discard()
    this.#log.discard()
    this.#isInTrees = false
  }
}

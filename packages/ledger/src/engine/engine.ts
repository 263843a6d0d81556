/**
 * What an engine drives: the replicated application, cut so that it fits ABCI 2.0. The embedded engine and CometBFT
 * call the same methods in the same order.
 *
 * | ABCI 2.0 | here |
 * |---|---|
 * | Info | `head`, `appHash()`: the last commit, never a block in work |
 * | InitChain | opening the application, which writes the genesis state at height 0 |
 * | CheckTx | `parseTransaction`, then a `SignaturePool` (signature-pool.ts) |
 * | PrepareProposal | `selectTransactions` |
 * | ProcessProposal | `acceptsProposal` |
 * | FinalizeBlock | `finalize`: computes and persists nothing; the same block again gives the same result |
 * | Commit | `commit`: block, log, state and replay set in one durable transaction |
 * | Query | `get`, `proveState`, `proveEntry`, `tile`: always of the last commit, also between the two calls above |
 * | ListSnapshots, LoadSnapshotChunk | `takeSnapshot` (snapshot/take.ts) |
 * | OfferSnapshot, ApplySnapshotChunk | `SnapshotRestore` (snapshot/restore.ts), into an empty folder |
 */
import { TRANSACTION_BYTES_MAX } from '@salus/core'
import type { StateProof } from '@salus/proof'
import type { CheckedTransaction } from '../apply-block.ts'
import type { CommittedBlock } from '../ledger.ts'
import type { BlockRow } from '../store.ts'

/** A transaction in its place in a block: its bytes, and what checking them found. */
export interface OrderedTransaction {
  readonly wire: Uint8Array
  readonly checked: CheckedTransaction
}

/** A block as consensus decided it. */
export interface DecidedBlock {
  readonly height: number
  readonly timeMs: number
  readonly transactions: readonly OrderedTransaction[]
}

/** What executing a block gave. */
export interface FinalizedBlock {
  /** One result for each transaction, in order; null where the commands were applied. */
  readonly codes: readonly (string | null)[]
  readonly appHash: Uint8Array
  /** The value that the block wrote under a key, null where it deleted it, undefined where it left it alone. */
  written(key: Uint8Array): Uint8Array | null | undefined
}

export interface ReplicatedApplication {
  /** The last committed block. */
  readonly head: BlockRow
  /** Commits to the last block's log size and root, state root and protocol version; 32 bytes. */
  appHash(): Uint8Array
  /**
   * Executes the block that follows the head. MUST NOT persist; a second call replaces the first.
   * @throws SalusError `block-height`, `block-time`, `protocol-unsupported`, or a fault of the storage
   */
  finalize(block: DecidedBlock): FinalizedBlock
  /** Persists the finalized block; durable on return. After a throw the application MUST be opened again. */
  commit(): CommittedBlock
  get(key: Uint8Array): Uint8Array | undefined
  proveState(key: Uint8Array): Omit<StateProof, 'checkpoint'>
  proveEntry(index: number): {
    readonly entry: Uint8Array
    readonly index: number
    readonly path: readonly Uint8Array[]
  }
  tile(path: string): Uint8Array | undefined
  block(height: number): CommittedBlock | undefined
  close(): void
}

/** Most bytes of transactions in one block. */
export const BLOCK_BYTES_MAX: number = 4 * 1024 * 1024
/** Most transactions in one block. */
export const BLOCK_TRANSACTIONS_MAX = 4096

/** The longest beginning of `wires` that fits a block of `bytesMax` bytes. */
export function selectTransactions(wires: readonly Uint8Array[], bytesMax: number): readonly Uint8Array[] {
  let total = 0
  let count = 0
  for (const wire of wires) {
    total += wire.length
    if (total > bytesMax || count === BLOCK_TRANSACTIONS_MAX) break
    count++
  }
  return wires.slice(0, count)
}

/** True unless the proposal breaks a limit: nearly always, and the same on every node. */
export function acceptsProposal(wires: readonly Uint8Array[]): boolean {
  if (wires.some(({ length }) => length === 0 || length > TRANSACTION_BYTES_MAX)) return false
  return selectTransactions(wires, BLOCK_BYTES_MAX).length === wires.length
}

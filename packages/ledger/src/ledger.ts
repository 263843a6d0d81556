/**
 * The ledger as a node sees it, the same for both engines. A node submits transactions, reads state that is committed
 * on its own replica, and gets evidence for verifiers. Implementations MUST NOT acknowledge what a crash of this
 * machine could lose, MUST serve state, log and checkpoint of one height together, and MUST give identical results for
 * identical blocks. `engine/suite.ts` holds every implementation to this.
 */
import type { LogProof, StateProof } from '@salus/proof'

/** What became of a submitted transaction. `code` is null when its commands were applied. */
export interface Receipt {
  readonly transactionId: Uint8Array
  readonly height: number
  readonly timeMs: number
  /** Index of the transaction's leaf in the log. */
  readonly logIndex: number
  readonly code: string | null
}

/** The replica's head. `lagMs` is how far this replica may be behind the network; 0 when it is the only writer. */
export interface LedgerStatus {
  readonly engine: 'embedded' | 'cometbft'
  readonly ledgerId: Uint8Array
  readonly height: number
  readonly timeMs: number
  readonly lagMs: number
  /** True after a failed write: nothing is committed until the ledger is opened again. */
  readonly isFailed: boolean
  readonly protocol: number
  readonly logSize: number
  readonly logRoot: Uint8Array
  readonly stateRoot: Uint8Array
  readonly stateKeys: number
}

/** One committed block, as listeners see it. */
export interface CommittedBlock {
  readonly height: number
  readonly timeMs: number
  /** Encoded log entries, in order; the first has index `firstLogIndex`. */
  readonly entries: readonly Uint8Array[]
  readonly firstLogIndex: number
}

export interface Ledger {
  /**
   * Orders, applies and commits one signed transaction; resolves once that is durable.
   * @throws SalusError where the transaction never reaches a block: `transaction-*`, `cbor-*`, `schema-mismatch`,
   *   `signature-invalid`, `ledger-full`, `ledger-closed`; and `ledger-failed` after a failed write, when the outcome is
   *   known only once the ledger was opened again
   */
  submit(transaction: Uint8Array): Promise<Receipt>
  /** The value of a state key at the head, or undefined. Synchronous: consent decisions are made from it. */
  get(key: Uint8Array): Uint8Array | undefined
  /**
   * Proof that `key` has its value at the head, or has none. It waits for the checkpoint of the head, which with
   * CometBFT the next block brings.
   */
  proveState(key: Uint8Array): Promise<StateProof>
  /**
   * Proof that the entry at `index` is in the log of the head; waits as {@link Ledger.proveState} does.
   * @throws SalusError `log-index`
   */
  proveEntry(index: number): Promise<LogProof>
  /** The latest checkpoint as a C2SP signed note; with CometBFT it may be that of an earlier height than the head's. */
  checkpoint(): string
  status(): LedgerStatus
  /** A C2SP tlog-tiles resource by its path below `tile/`, or undefined. */
  tile(path: string): Uint8Array | undefined
  /** Calls `listener` after each commit, in order. Returns the function that stops it. */
  onBlock(listener: (block: CommittedBlock) => void): () => void
  /** The committed block at `height`, or undefined. */
  block(height: number): CommittedBlock | undefined
  close(): Promise<void>
}

export type { LogProof, StateProof }

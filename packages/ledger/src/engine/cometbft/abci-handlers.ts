/**
 * What CometBFT asks of the application, request by request. `FinalizeBlock` computes and `Commit` persists; `Info`
 * tells the last commit; all else reads committed state alone. JavaScript runs one handler at a time, and the one that
 * waits, `FinalizeBlock` for signatures that nobody has checked yet, waits before it touches the application: that is
 * the one lock over all four connections.
 *
 * A transaction that comes to nothing stays in its block with its code. A handler throws only where this replica must
 * not go on: CometBFT then halts.
 */
import { chainIdOf, type Genesis, SalusError } from '@salus/core'
import {
  CheckTxType,
  type ExecTxResult,
  ResponseProcessProposal_ProposalStatus as ProposalStatus,
  type Request,
  type RequestCheckTx,
  type RequestFinalizeBlock,
  type RequestInitChain,
  type RequestPrepareProposal,
  Response,
  type ResponseCheckTx,
} from 'cosmjs-types/tendermint/abci/types'
import type { CommittedBlock } from '../../ledger.ts'
import { acceptsProposal, BLOCK_BYTES_MAX, selectTransactions } from '../engine.ts'
import { VALID, type Verdict } from '../signature-batch.ts'
import type { AbciConnection } from './abci-server.ts'
import type { NamedTransaction, TransactionChecks } from './checks.ts'
import type { Replica } from './replica.ts'
import type { SnapshotExchange } from './snapshots.ts'
import { consensusKeys, validatorUpdates } from './validators.ts'

/**
 * The version of the application that headers name. It says how blocks are made of transactions; the rules of the
 * contracts have their own version, to which the app hash commits.
 */
const APP_VERSION = 1n

/** How far the time of a block with transactions may be behind. */
const STALE_MS_MAX = 10_000

/** A committed block with its transactions and the result of each, in order. */
export interface ReplicatedBlock {
  readonly block: CommittedBlock
  readonly transactions: readonly NamedTransaction[]
  readonly codes: readonly (string | null)[]
}

export interface AbciParts {
  readonly genesis: Genesis
  /** The replica, which a snapshot replaces. */
  readonly replica: Replica
  readonly checks: TransactionChecks
  readonly snapshots: SnapshotExchange
  /** Called before a block is committed that changes the validators. */
  readonly onValidatorChange: (height: number) => void
  /** Called after each commit. */
  readonly onCommit: (committed: ReplicatedBlock) => void
}

export class AbciHandlers {
  readonly #parts: AbciParts
  #finalized: Omit<ReplicatedBlock, 'block'> | null = null
  /** When this replica committed last. */
  #committedAt = Number.NEGATIVE_INFINITY

  constructor(parts: AbciParts) {
    this.#parts = parts
  }

  /** Answers one request. */
  handle(request: Request, connection: AbciConnection): Response | Promise<Response> {
    if (request.checkTx) return this.#checkTx(request.checkTx)
    if (request.finalizeBlock) return this.#finalizeBlock(request.finalizeBlock, connection)
    if (request.commit) return this.#commit()
    if (request.prepareProposal) {
      return this.#prepareProposal(request.prepareProposal)
    }
    if (request.processProposal) return this.#processProposal(request.processProposal.txs)
    if (request.info) return this.#info()
    if (request.initChain) return this.#initChain(request.initChain)
    if (request.echo) return Response.fromPartial({ echo: { message: request.echo.message } })
    if (request.query) return Response.fromPartial({ query: { code: 1, log: 'queries are not served here' } })
    const { snapshots } = this.#parts
    if (request.listSnapshots) return snapshots.list()
    if (request.loadSnapshotChunk) return snapshots.load(request.loadSnapshotChunk)
    if (request.offerSnapshot) return snapshots.offer(request.offerSnapshot)
    if (request.applySnapshotChunk) return snapshots.apply(request.applySnapshotChunk)
    throw new SalusError('abci-unknown', 'CometBFT asked what this application does not know')
  }

  #info(): Response {
    const { application } = this.#parts.replica
    const last = { lastBlockHeight: BigInt(application.head.height), lastBlockAppHash: application.appHash() }
    return Response.fromPartial({ info: { data: 'salus', version: '1', appVersion: APP_VERSION, ...last } })
  }

  /** The genesis state was written when the ledger was opened; the first header states its app hash. */
  #initChain({ chainId, initialHeight }: RequestInitChain): Response {
    const { genesis, replica } = this.#parts
    if (chainId !== chainIdOf(genesis.ledgerId) || initialHeight !== 1n) {
      throw new SalusError('engine-mismatch', 'CometBFT begins another ledger')
    }
    if (replica.application.head.height > 0) throw new SalusError('block-height', 'the ledger has begun already')
    return Response.fromPartial({ initChain: { appHash: replica.application.appHash() } })
  }

  #checkTx({ tx, type }: RequestCheckTx): Response | Promise<Response> {
    if (type === CheckTxType.RECHECK) return checkTxResponse(VALID)
    const verdict = this.#parts.checks.check(tx)
    return verdict instanceof Promise ? verdict.then(checkTxResponse) : checkTxResponse(verdict)
  }

  /**
   * The time of a block is when the validators voted for the one before it, for the first block that of the genesis
   * file. After a pause that is long ago, and transactions would be judged by it: so an empty block goes first, whose
   * votes give the next one, which follows at once, the time of now.
   */
  #prepareProposal({ txs, height, maxTxBytes }: RequestPrepareProposal): Response {
    const isStale = height === 1n || performance.now() - this.#committedAt > STALE_MS_MAX
    const selected = isStale ? [] : selectTransactions(txs, Math.min(Number(maxTxBytes), BLOCK_BYTES_MAX))
    return { prepareProposal: { txs: [...selected] } }
  }

  #processProposal(txs: readonly Uint8Array[]): Response {
    const accepts = acceptsProposal(txs)
    // Signatures that came with no mempool are checked while the validators vote.
    if (accepts) this.#parts.checks.expect(txs)
    const status = accepts ? ProposalStatus.ACCEPT : ProposalStatus.REJECT
    return Response.fromPartial({ processProposal: { status } })
  }

  async #finalizeBlock(request: RequestFinalizeBlock, connection: AbciConnection): Promise<Response> {
    const transactions = await this.#parts.checks.order(request.txs)
    if (connection.isClosed) throw new SalusError('connection-closed', 'the connection was closed')
    const { genesis, replica } = this.#parts
    const { application } = replica
    const before = consensusKeys(application, genesis)
    const { seconds, nanos } = request.time
    const timeMs = Number(seconds) * 1000 + Math.floor(nanos / 1e6)
    const { codes, appHash, written } = application.finalize({ height: Number(request.height), timeMs, transactions })
    this.#finalized = { transactions, codes }
    const txResults = codes.map(txResult)
    const updates = validatorUpdates(before, written, genesis)
    if (updates.length > 0) this.#parts.onValidatorChange(Number(request.height))
    return { finalizeBlock: { events: [], txResults, validatorUpdates: updates, appHash } }
  }

  #commit(): Response | Promise<Response> {
    const { replica, checks, snapshots, onCommit } = this.#parts
    const finalized = this.#finalized
    if (!finalized) throw new SalusError('block-height', 'no block is finalized')
    const block = replica.application.commit()
    this.#finalized = null
    this.#committedAt = performance.now()
    for (const { name } of finalized.transactions) checks.forget(name)
    onCommit({ block, ...finalized })
    const reply = { commit: { retainHeight: BigInt(snapshots.retainHeight()) } }
    return snapshots.isDue(block) ? snapshots.take(block.height).then(() => reply) : reply
  }
}

/** Only code, data and gas are part of what validators agree on; the text is for operators. */
function txResult(code: string | null): ExecTxResult {
  return code === null ? APPLIED : { ...APPLIED, code: 1, log: code }
}

const EMPTY = new Uint8Array(0)
const APPLIED: ExecTxResult & ResponseCheckTx = {
  code: 0,
  data: EMPTY,
  log: '',
  info: '',
  gasWanted: 0n,
  gasUsed: 0n,
  events: [],
  codespace: '',
}

function checkTxResponse(verdict: Verdict): Response {
  return { checkTx: verdict === VALID ? APPLIED : { ...APPLIED, code: 1 } }
}

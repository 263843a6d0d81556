/**
 * The ledger on CometBFT: many members order transactions together, and none of them alone can stop, rewrite or fork
 * what they agreed on. This process holds the replica and answers CometBFT's requests; CometBFT runs beside it as a
 * child and speaks with its peers. A client's transaction is checked here, handed to the mempool, and acknowledged when
 * this replica has committed the block that holds it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ed25519PublicKey, parseTransaction, SalusError } from '@salus/core'
import type { LogProof, StateProof } from '@salus/proof'
import type { CommittedBlock, Ledger, LedgerStatus, Receipt } from '../../ledger.ts'
import type { Rules } from '../../rules.ts'
import { VALID } from '../signature-batch.ts'
import { SignaturePool } from '../signature-pool.ts'
import { AbciHandlers, type ReplicatedBlock } from './abci-handlers.ts'
import { AbciServer } from './abci-server.ts'
import { TransactionChecks, wireName } from './checks.ts'
import { CheckpointProver } from './evidence.ts'
import { type CometSockets, writeHome } from './home.ts'
import { answerLightCall } from './light-rpc.ts'
import { CometMonitor } from './monitor.ts'
import { CometProcess } from './process.ts'
import { Replica } from './replica.ts'
import { CometRpc } from './rpc.ts'
import { SnapshotExchange } from './snapshots.ts'
import { consensusKeys } from './validators.ts'
import { type Relay, WaitingTransactions } from './waiting.ts'

/** Unix sockets have paths of at most 107 bytes, on some systems 103. */
const SOCKET_FOLDER_LENGTH_MAX = 90
const START_MS_MAX = 60_000
const CLOSE_MS_MAX = 15_000
const SUBMIT_MS_MAX = 60_000
const SNAPSHOT_BLOCKS = 10_000
const RETAIN_BLOCKS = 100_000

/** Where a joining member begins: a snapshot that others offer, instead of the first block. */
export interface StateSync {
  /** URLs at which two or more members answer {@link CometLedger.lightCall}. */
  readonly servers: readonly string[]
  /** A checkpoint from any of them; it is checked against the genesis file. */
  readonly checkpoint: string
}

export interface CometOptions {
  /** The folder of the ledger's file; CometBFT's home is `cometbft` in it. */
  readonly directory: string
  /** The exact text of the genesis file. */
  readonly genesis: string
  readonly rules: Rules
  /** The CometBFT program; null where somebody else runs it on `sockets`, for example in a container beside this one. */
  readonly binary: string | null
  /** Folder of the two sockets, with a path of at most 90 characters; by default one for this user alone. */
  readonly sockets?: string
  /** Ed25519 seed of the consensus key, 32 bytes. A node that does not validate has one too. */
  readonly consensusKey: Uint8Array
  /** Ed25519 seed of the key by which peers know the node, 32 bytes. */
  readonly nodeKey: Uint8Array
  /** Where CometBFT listens for peers, for example `tcp://0.0.0.0:26656`. */
  readonly listen: string
  /** The address that peers are told where it is not that of `listen`, for example `node.example.org:26656`. */
  readonly externalAddress?: string
  /** The peers to connect to, each `id@host:port`. */
  readonly peers: readonly string[]
  /** Begin from a snapshot of another member, where the ledger is empty. */
  readonly stateSync?: StateSync
  /** A snapshot is taken whenever this many blocks have passed; the same on all members. */
  readonly snapshotBlocks?: number
  /** CometBFT keeps this many blocks, and those since the last snapshots; the ledger's log has all there ever were. */
  readonly retainBlocks?: number
  /** Other members, for when the own CometBFT does not take a transaction. */
  readonly relays?: () => readonly Relay[]
  /** How long a transaction may wait for a block. */
  readonly submitMsMax?: number
  /** Hears once that the ledger takes no more: it must be opened again. */
  readonly onFailed?: (error: unknown) => void
  /** Gets the lines that CometBFT prints, which are errors, and the faults of this side. */
  readonly log?: (line: string) => void
}

export class CometLedger implements Ledger {
  readonly #replica: Replica
  readonly #signatures = new SignaturePool()
  readonly #checks: TransactionChecks
  readonly #rpc: CometRpc
  readonly #waiting: WaitingTransactions
  readonly #prover: CheckpointProver
  readonly #snapshots: SnapshotExchange
  readonly #submitted = new Set<Promise<Receipt>>()
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  readonly #log: (line: string) => void
  readonly #onFailed: (error: unknown) => void
  readonly #ownSockets: string | null
  #server: AbciServer | null = null
  #monitor: CometMonitor | null = null
  #process: CometProcess | null = null
  #failure: unknown = null
  #isClosed = false

  private constructor(options: CometOptions, sockets: CometSockets) {
    const { directory, genesis, rules } = options
    this.#replica = new Replica({ directory, genesis, rules })
    this.#log = options.log ?? (() => undefined)
    this.#onFailed = options.onFailed ?? (() => undefined)
    this.#ownSockets = options.sockets === undefined ? join(sockets.abci, '..') : null
    this.#rpc = new CometRpc(sockets.rpc)
    this.#checks = new TransactionChecks(this.#signatures)
    const relays = options.relays ?? (() => [])
    const replica = this.#replica
    this.#waiting = new WaitingTransactions({
      rpc: this.#rpc,
      relays,
      timeoutMs: options.submitMsMax ?? SUBMIT_MS_MAX,
      isOver: (wire) => {
        const { id, body } = parseTransaction(wire)
        return replica.application.hasExecuted({ id, expiresAtMs: body.expiresAtMs })
      },
    })
    this.#prover = new CheckpointProver({ directory, genesis: replica.application.genesis, rpc: this.#rpc, replica })
    const { snapshotBlocks: everyBlocks = SNAPSHOT_BLOCKS, retainBlocks = RETAIN_BLOCKS } = options
    const onFault = (error: unknown): void => this.#log(String(error))
    this.#snapshots = new SnapshotExchange({ replica, genesis, everyBlocks, retainBlocks, onFault })
  }

  /**
   * Opens the replica, starts CometBFT, and returns once the two agree on where they are.
   * @throws SalusError `genesis-malformed`, `engine-mismatch`, `ledger-corrupt`, `store-*`, `cometbft-failed`
   */
  static async open(options: CometOptions): Promise<CometLedger> {
    const folder = socketFolder(options)
    const sockets = { abci: join(folder, 'abci.sock'), rpc: join(folder, 'rpc.sock') }
    const ledger = new CometLedger(options, sockets)
    try {
      await ledger.#start(options, sockets)
      return ledger
    } catch (error) {
      await ledger.#end()
      throw error
    }
  }

  submit(transaction: Uint8Array): Promise<Receipt> {
    const submitted = this.#submit(transaction)
    this.#submitted.add(submitted)
    const done = (): boolean => this.#submitted.delete(submitted)
    submitted.then(done, done)
    return submitted
  }

  async #submit(transaction: Uint8Array): Promise<Receipt> {
    this.#checkOpen()
    this.#waiting.checkRoom(transaction.length)
    const wire = transaction.slice()
    const name = wireName(wire)
    if ((await this.#checks.check(wire, name)) !== VALID) throw refusal(wire)
    if (this.#failure) throw this.#failure
    return this.#waiting.add(name, wire)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#replica.application.get(key)
  }

  async proveState(key: Uint8Array): Promise<StateProof> {
    const proof = this.#replica.application.proveState(key)
    return { ...proof, checkpoint: await this.#prover.proveHead() }
  }

  async proveEntry(index: number): Promise<LogProof> {
    const proof = this.#replica.application.proveEntry(index)
    return { ...proof, checkpoint: await this.#prover.proveHead() }
  }

  checkpoint(): string {
    return this.#prover.latest()
  }

  status(): LedgerStatus {
    const { head, genesis } = this.#replica.application
    const { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys } = head
    const lagMs = this.#monitor?.lagMs ?? 0
    const { ledgerId } = genesis
    const isFailed = this.#failure !== null
    const replicated = { height, timeMs, protocol, logSize, logRoot, stateRoot, stateKeys }
    return { engine: 'cometbft', ledgerId, lagMs, isFailed, ...replicated }
  }

  tile(path: string): Uint8Array | undefined {
    return this.#replica.application.tile(path)
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    const own = (block: CommittedBlock): void => listener(block)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  block(height: number): CommittedBlock | undefined {
    return this.#replica.application.block(height)
  }

  /** Answers a joining member's call for light blocks: JSON-RPC, parsed. */
  lightCall(call: unknown): Promise<unknown> {
    return answerLightCall(this.#rpc, call)
  }

  /** The id of CometBFT's process, or undefined while it does not run. */
  get cometPid(): number | undefined {
    return this.#process?.pid
  }

  /** Waits for what is on its way, up to some seconds, then ends both processes' work. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const giveUp = setTimeout(() => this.#waiting.failAll(closed()), CLOSE_MS_MAX)
    await Promise.allSettled(this.#submitted)
    clearTimeout(giveUp)
    await this.#end()
  }

  async #start(options: CometOptions, sockets: CometSockets): Promise<void> {
    const { application } = this.#replica
    const { genesis } = application
    const home = join(options.directory, 'cometbft')
    const { consensusKey, nodeKey, listen, peers, externalAddress = null } = options
    const isNew = application.head.height === 0
    const stateSync =
      isNew && options.stateSync !== undefined
        ? { servers: options.stateSync.servers, ...this.#prover.adopt(options.stateSync.checkpoint) }
        : null
    writeHome({ home, genesis, sockets, consensusKey, nodeKey, listen, peers, stateSync, externalAddress })
    const handlers = new AbciHandlers({
      genesis,
      replica: this.#replica,
      checks: this.#checks,
      snapshots: this.#snapshots,
      onValidatorChange: (height) => this.#prover.expectValidators(height),
      onCommit: (committed) => this.#committed(committed),
    })
    const fault = (error: unknown): void => this.#faulted(error)
    this.#server = await AbciServer.listen(sockets.abci, (request, from) => handlers.handle(request, from), fault)
    if (options.binary !== null) {
      this.#process = new CometProcess({
        binary: options.binary,
        home,
        beforeStart: () => rmSync(sockets.rpc, { force: true }),
        log: this.#log,
        onFailed: (error) => this.#fail(error),
      })
    }
    await this.#untilReachable()
    this.#monitor = new CometMonitor({
      rpc: this.#rpc,
      ownKey: ed25519PublicKey(consensusKey),
      validators: () => consensusKeys(this.#replica.application, genesis),
      headTimeMs: () => this.#replica.application.head.timeMs,
      onReachable: () => this.#waiting.sendAgain(),
    })
    this.#prover.advance()
  }

  async #untilReachable(): Promise<void> {
    const startMs = performance.now()
    for (;;) {
      if (this.#failure) throw this.#failure
      try {
        await this.#rpc.call('health')
        return
      } catch (error) {
        if (performance.now() - startMs > START_MS_MAX) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  #committed({ block, transactions, codes }: ReplicatedBlock): void {
    const { height, timeMs, firstLogIndex } = block
    this.#monitor?.committed()
    this.#notify(block)
    transactions.forEach(({ name, checked: { transaction } }, i) => {
      if (transaction === null) return
      const { id } = transaction
      this.#waiting.settle(name, {
        transactionId: id,
        height,
        timeMs,
        logIndex: firstLogIndex + i,
        code: codes[i] as string | null,
      })
    })
    this.#prover.advance()
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

  /** A handler threw. CometBFT halts; what is durable is known only after opening the ledger again. */
  #faulted(error: unknown): void {
    this.#log(error instanceof SalusError ? error.code : String(error))
    this.#fail(new SalusError('ledger-failed', 'the ledger cannot commit and must be opened again', {}, error))
  }

  #fail(error: unknown): void {
    if (this.#failure === null) this.#onFailed(error)
    this.#failure ??= error
    this.#waiting.failAll(error)
    void this.#process?.stop()
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed()
    if (this.#failure) throw this.#failure
  }

  async #end(): Promise<void> {
    this.#monitor?.close()
    this.#waiting.close()
    await this.#process?.stop()
    await this.#server?.close()
    this.#rpc.close()
    this.#prover.close()
    await this.#snapshots.close()
    await this.#signatures.close()
    this.#replica.application.close()
    if (this.#ownSockets !== null) rmSync(this.#ownSockets, { recursive: true, force: true })
  }
}

/** Why a transaction can be in no block. */
function refusal(wire: Uint8Array): SalusError {
  parseTransaction(wire)
  return new SalusError('signature-invalid', 'the signature of the transaction does not hold')
}

/** The folder of the sockets: in the ledger's own where the system allows a path of that length. */
function socketFolder({ sockets, directory }: CometOptions): string {
  const folder = resolve(sockets ?? join(directory, 'cometbft', 'sockets'))
  if (folder.length > SOCKET_FOLDER_LENGTH_MAX) {
    if (sockets === undefined) return mkdtempSync(join(tmpdir(), 'salus-'))
    throw new SalusError('sockets-path', 'the path of the folder for sockets is too long', { SOCKET_FOLDER_LENGTH_MAX })
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

function closed(): SalusError {
  return new SalusError('ledger-closed', 'the ledger is closed')
}

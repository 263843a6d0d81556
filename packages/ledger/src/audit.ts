/**
 * Replays a ledger from its genesis and compares every result and every root with what the file says. Signatures are
 * checked again too, so that the file of an untrusted replica can be audited. Nothing is written.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decode,
  type Genesis,
  isSalusError,
  LogEntry,
  parseTransaction,
  readGenesis,
  toHex,
  verifySignature,
} from '@salus/core'
import { applyBlock, applyGenesis, type CheckedTransaction } from './apply-block.ts'
import { LogStore } from './log/log-store.ts'
import { logLeafHash, MerkleLog } from './log/merkle-log.ts'
import { ReplaySet } from './replay-set.ts'
import type { Rules } from './rules.ts'
import { restoreSnapshot, type TrustedBlock } from './snapshot/restore.ts'
import { AuthenticatedState } from './state/state.ts'
import { type BlockRow, MEMORY_DIRECTORY, Store } from './store.ts'

/** The first thing that is not as it should be. Roots are hexadecimal. */
export interface Divergence {
  /** Null where the entry that would say it cannot be read. */
  readonly height: number | null
  readonly what: 'sequence' | 'entry' | 'result' | 'state-root' | 'log-root' | 'protocol'
  /** Index of the log entry, for an entry or a result. */
  readonly logIndex: number | null
  readonly expected: string
  readonly found: string
}

export interface AuditReport {
  /** Blocks replayed without divergence, genesis included; from a published log, those that hold transactions. */
  readonly blocks: number
  readonly transactions: number
  readonly height: number
  readonly stateRoot: string
  readonly logRoot: string
  /** Null when the whole ledger is as it should be. */
  readonly divergence: Divergence | null
}

/** What a replay found to differ. */
export class Diverged extends Error {
  readonly divergence: Divergence
  constructor(divergence: Divergence) {
    super(divergence.what)
    this.divergence = divergence
  }
}

/**
 * Audits the ledger in `directory` against the text of its genesis file.
 * @throws SalusError `genesis-malformed`, `store-*`
 */
export function auditWithRules(directory: string, genesis: string, rules: Rules): AuditReport {
  return auditStored(directory, new Replay(rules, readGenesis(genesis)))
}

/** Where an audit begins instead of at the genesis: a snapshot (snapshot/take.ts), and who vouches for it. */
export interface AuditStart {
  readonly snapshot: string
  readonly trusted: TrustedBlock
}

/**
 * Audits what follows a snapshot: its state and log are taken as they are, once they give the trusted app hash. The
 * report counts the blocks after it.
 * @throws SalusError `snapshot-refused`, `genesis-malformed`, `store-*`
 */
export function auditFromSnapshot(directory: string, genesis: string, rules: Rules, start: AuditStart): AuditReport {
  const folder = mkdtempSync(join(tmpdir(), 'salus-audit-'))
  try {
    restoreSnapshot(folder, genesis, start.trusted, start.snapshot)
    const audited = readGenesis(genesis)
    return auditStored(directory, new Replay(rules, audited, new Store(folder, audited.ledgerId)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Replays what the ledger has after the height of the replay, and compares the block at that height. */
function auditStored(directory: string, replay: Replay): AuditReport {
  let divergence: Divergence | null = null
  let store: Store | null = null
  try {
    store = new Store(directory, replay.ledgerId, 'read')
    const source = new LogStore(store, store.lastBlock()?.logSize ?? 0)
    const begun = replay.height
    for (const row of store.blocks(begun ?? 0)) {
      const { height, timeMs, firstIndex, logSize } = row
      if (height === begun) replay.compare(height, row)
      else {
        checkPlace(row, replay)
        replay.apply({ height, timeMs, entries: source.entries(firstIndex, logSize), recorded: row })
      }
    }
  } catch (error) {
    if (!(error instanceof Diverged)) throw error
    divergence = error.divergence
  } finally {
    store?.close()
    replay.close()
  }
  return { ...replay.report(), divergence }
}

/** Stored blocks follow each other without gaps, in height and in the log. */
function checkPlace({ height, firstIndex, logSize }: BlockRow, replay: Replay): void {
  expect(height, 'sequence', null, String(replay.height === null ? 0 : replay.height + 1), String(height))
  expect(height, 'sequence', null, String(replay.logSize), String(firstIndex))
  const isForward = logSize >= firstIndex
  expect(height, 'sequence', null, 'a log going forward', isForward ? 'a log going forward' : 'not so')
}

type Recorded = Pick<BlockRow, 'protocol' | 'stateRoot' | 'logRoot'>

/** A block as the log has it, and what else was recorded of it; the one of height 0 is the genesis. */
export interface LoggedBlock {
  readonly height: number
  readonly timeMs: number
  readonly entries: readonly Uint8Array[]
  readonly recorded: Recorded | null
}

/** A replica in memory that executes logged blocks again and compares what they say with what comes out. */
export class Replay {
  readonly #rules: Rules
  readonly #genesis: Genesis
  readonly #replica: Store
  readonly #state: AuthenticatedState
  readonly #log = new MerkleLog(() => undefined)
  readonly #replayed = new ReplaySet()
  #last: Pick<LoggedBlock, 'height' | 'timeMs'> | null = null
  #blocks = 0

  /** Begins before the genesis, or after the last block of `replica`, which it takes over. */
  constructor(rules: Rules, genesis: Genesis, replica: Store = new Store(MEMORY_DIRECTORY, genesis.ledgerId)) {
    this.#rules = rules
    this.#genesis = genesis
    this.#replica = replica
    this.#state = new AuthenticatedState(replica)
    const last = replica.lastBlock()
    if (!last) return
    this.#last = last
    this.#log.restore(last.logSize, new LogStore(replica, last.logSize).edges())
    this.#replayed.load(replica, last.timeMs)
  }

  get ledgerId(): Uint8Array {
    return this.#genesis.ledgerId
  }

  /** Height of the last block, null before the genesis. */
  get height(): number | null {
    return this.#last?.height ?? null
  }

  get logSize(): number {
    return this.#log.size
  }

  close(): void {
    this.#replica.close()
  }

  report(): Omit<AuditReport, 'divergence'> {
    return {
      blocks: this.#blocks,
      transactions: this.#log.size,
      height: this.#last?.height ?? 0,
      stateRoot: toHex(this.#state.root()),
      logRoot: toHex(this.#log.root()),
    }
  }

  /** Executes the block that comes next. @throws Diverged */
  apply(block: LoggedBlock): void {
    const { height, timeMs, recorded } = block
    const isForward = height > (this.#last?.height ?? -1) && timeMs >= (this.#last?.timeMs ?? this.#genesis.timeMs)
    expect(
      height,
      'sequence',
      null,
      'height and time going forward',
      isForward ? 'height and time going forward' : 'not so',
    )
    if (height === 0) this.#state.stage(applyGenesis((state) => this.#rules.start(state, this.#genesis)))
    else {
      if (recorded) this.#compareProtocol(height, recorded)
      this.#execute(block)
    }
    this.#replica.transaction(() => this.#state.write(height))
    if (recorded) this.#compareRoots(height, recorded)
    this.#last = { height, timeMs }
    this.#blocks++
  }

  /** Compares what came out with what somebody recorded for this height or a later one. @throws Diverged */
  compare(height: number, recorded: Recorded): void {
    this.#compareProtocol(height, recorded)
    this.#compareRoots(height, recorded)
  }

  #compareProtocol(height: number, { protocol }: Recorded): void {
    expect(height, 'protocol', null, String(this.#rules.protocolAt(this.#state, height)), String(protocol))
  }

  #compareRoots(height: number, { stateRoot, logRoot }: Recorded): void {
    expect(height, 'state-root', null, toHex(stateRoot), toHex(this.#state.root()))
    expect(height, 'log-root', null, toHex(logRoot), toHex(this.#log.root()))
  }

  #execute({ height, timeMs, entries }: LoggedBlock): void {
    const firstIndex = this.#log.size
    const logged = entries.map((entry, i) => readEntry(entry, height, timeMs, firstIndex + i))
    const transactions = logged.map(({ transaction }) => checkTransaction(transaction))
    const { ledgerId } = this.#genesis
    const before = { ledgerId, state: this.#state, rules: this.#rules, replayed: this.#replayed }
    const outcome = applyBlock(before, { height, timeMs, transactions })
    logged.forEach(({ code }, i) => {
      expect(height, 'result', firstIndex + i, String(outcome.codes[i]), String(code))
    })
    for (const entry of entries) this.#log.append(logLeafHash(entry))
    this.#log.takeFullTiles()
    this.#state.stage(outcome.writes)
    this.#replayed.add(outcome.executed, timeMs)
  }
}

/** @throws Diverged */
export function expect(
  height: number,
  what: Divergence['what'],
  logIndex: number | null,
  expected: string,
  found: string,
): void {
  if (expected !== found) throw new Diverged({ height, what, logIndex, expected, found })
}

function readEntry(entry: Uint8Array, height: number, timeMs: number, logIndex: number): LogEntry {
  try {
    const logged = decode(LogEntry, entry)
    const isOwn = logged.height === height && logged.timeMs === timeMs
    expect(height, 'entry', logIndex, 'an entry of this block', isOwn ? 'an entry of this block' : 'of another block')
    return logged
  } catch (error) {
    if (!isSalusError(error)) throw error
    throw new Diverged({ height, what: 'entry', logIndex, expected: 'an entry', found: error.code })
  }
}

/** A transaction as its block had it: what does not parse or is badly signed has that as its result. */
export function checkTransaction(wire: Uint8Array): CheckedTransaction {
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

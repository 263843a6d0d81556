/**
 * Replays a ledger from its genesis and compares every result and every root with what the file says. Signatures are
 * checked again too, so that the file of an untrusted replica can be audited. Nothing is written.
 */
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
import { AuthenticatedState } from './state/state.ts'
import { type BlockRow, MEMORY_DIRECTORY, Store } from './store.ts'

/** The first thing that is not as it should be. Roots are hexadecimal. */
export interface Divergence {
  readonly height: number
  readonly what: 'sequence' | 'entry' | 'result' | 'state-root' | 'log-root' | 'protocol'
  /** Index of the log entry, for an entry or a result. */
  readonly logIndex: number | null
  readonly expected: string
  readonly found: string
}

export interface AuditReport {
  /** Blocks replayed without divergence, genesis included. */
  readonly blocks: number
  readonly transactions: number
  readonly height: number
  readonly stateRoot: string
  readonly logRoot: string
  /** Null when the whole ledger is as it should be. */
  readonly divergence: Divergence | null
}

class Diverged extends Error {
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
  const audited = readGenesis(genesis)
  const store = new Store(directory, audited.ledgerId, 'read')
  const replica = new Store(MEMORY_DIRECTORY, audited.ledgerId)
  const audit = new Audit(store, replica, rules, audited)
  let divergence: Divergence | null = null
  try {
    for (const row of store.blocks()) audit.replay(row)
  } catch (error) {
    if (!(error instanceof Diverged)) throw error
    divergence = error.divergence
  } finally {
    store.close()
    replica.close()
  }
  return { ...audit.report(), divergence }
}

class Audit {
  readonly #rules: Rules
  readonly #genesis: Genesis
  readonly #replica: Store
  readonly #state: AuthenticatedState
  readonly #log = new MerkleLog(() => undefined)
  readonly #source: LogStore
  readonly #replayed = new ReplaySet()
  #last: BlockRow | null = null
  #blocks = 0

  constructor(store: Store, replica: Store, rules: Rules, genesis: Genesis) {
    this.#rules = rules
    this.#genesis = genesis
    this.#replica = replica
    this.#state = new AuthenticatedState(replica)
    this.#source = new LogStore(store, store.lastBlock()?.logSize ?? 0)
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

  /** Replays one block. @throws Diverged */
  replay(row: BlockRow): void {
    const { height } = row
    this.#checkSequence(row)
    if (height === 0) this.#state.stage(applyGenesis((state) => this.#rules.start(state, this.#genesis)))
    else this.#execute(row)
    this.#replica.transaction(() => this.#state.write(height))
    expect(height, 'state-root', null, toHex(row.stateRoot), toHex(this.#state.root()))
    expect(height, 'log-root', null, toHex(row.logRoot), toHex(this.#log.root()))
    this.#last = row
    this.#blocks++
  }

  #checkSequence({ height, timeMs, firstIndex, logSize }: BlockRow): void {
    const last = this.#last
    expect(height, 'sequence', null, String(last ? last.height + 1 : 0), String(height))
    expect(height, 'sequence', null, String(this.#log.size), String(firstIndex))
    const isForward = timeMs >= (last?.timeMs ?? this.#genesis.timeMs) && logSize >= firstIndex
    expect(height, 'sequence', null, 'time and log going forward', isForward ? 'time and log going forward' : 'not so')
  }

  #execute({ height, timeMs, protocol, firstIndex, logSize }: BlockRow): void {
    expect(height, 'protocol', null, String(this.#rules.protocolAt(this.#state, height)), String(protocol))
    const entries = this.#source.entries(firstIndex, logSize)
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

function expect(
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

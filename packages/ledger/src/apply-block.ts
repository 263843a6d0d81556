/**
 * What a block does to the state: a pure function of the state before it, the block, and the transactions still
 * remembered. Every transaction gets one result, in order; a refused one leaves its code and nothing else. The checks
 * stand in the order in which docs/spec/transaction.md gives their codes.
 */
import type { State } from '@salus/contracts'
import {
  type Command,
  equalBytes,
  isSalusError,
  type PublicKey,
  SalusError,
  TRANSACTION_LIFETIME_MS_MAX,
  type Transaction,
  type TransactionBody,
} from '@salus/core'
import { binaryName, digest } from './digest.ts'
import { IdSet } from './id-set.ts'
import type { ExecutedId } from './replay-set.ts'
import type { Rules } from './rules.ts'
import type { HashedWrite } from './state/state.ts'
import { VALUE_BYTES_MAX } from './state/value-log.ts'

/** A transaction as the engine hands it over: taken apart, or with the code for which that or its signature failed. */
export type CheckedTransaction =
  | { readonly transaction: Transaction; readonly code: null }
  | { readonly transaction: null; readonly code: string }

export interface Block {
  readonly height: number
  readonly timeMs: number
  readonly transactions: readonly CheckedTransaction[]
}

/** The state before the block, by the SHA-256 of the key: a row is hashed once, whether read, written or both. */
export interface StateByHash {
  getHashed(keyHash: Uint8Array): Uint8Array | undefined
}

/** What execution depends on besides the block. */
export interface Before {
  readonly ledgerId: Uint8Array
  readonly state: StateByHash
  readonly rules: Rules
  readonly replayed: { has(id: ExecutedId): boolean }
}

/** `codes` has one result for each transaction, null where its commands were applied. */
export interface Outcome {
  readonly codes: readonly (string | null)[]
  readonly writes: readonly HashedWrite[]
  readonly executed: readonly ExecutedId[]
}

/** Applies `block` to the state before it. */
export function applyBlock(before: Before, block: Block): Outcome {
  const state = new Overlay(before.state)
  const executed: ExecutedId[] = []
  const ids = new IdSet()
  const codes = block.transactions.map(({ transaction, code }) => {
    if (transaction === null) return code
    const refused = admissionCode(before, ids, transaction, block.timeMs)
    if (refused !== null) return refused
    const { id, body } = transaction
    ids.add(id)
    executed.push({ id, expiresAtMs: body.expiresAtMs })
    return execute(before.rules, state, transaction, block)
  })
  return { codes, writes: state.writes(), executed }
}

/** Collects what the genesis file writes at height 0. */
export function applyGenesis(start: (state: State) => void): readonly HashedWrite[] {
  const state = new Overlay({ getHashed: () => undefined })
  start(state)
  state.keep()
  return state.writes()
}

/** The checks before execution. A transaction refused here may come again; one that was executed may not. */
function admissionCode(
  { ledgerId, replayed }: Before,
  executed: IdSet,
  { id, body }: Transaction,
  timeMs: number,
): string | null {
  if (!equalBytes(body.ledgerId, ledgerId)) return 'wrong-ledger'
  if (body.expiresAtMs <= timeMs) return 'expired'
  if (!isAdmitted(ledgerId, body, timeMs)) return 'expiry-too-far'
  if (executed.has(id) || replayed.has({ id, expiresAtMs: body.expiresAtMs })) return 'replayed'
  return null
}

/** True when a transaction is executed in a block of that time, unless its id is remembered; then its id will be. */
export function isAdmitted(ledgerId: Uint8Array, body: TransactionBody, timeMs: number): boolean {
  const isInTime = body.expiresAtMs > timeMs && body.expiresAtMs <= timeMs + TRANSACTION_LIFETIME_MS_MAX
  return isInTime && equalBytes(body.ledgerId, ledgerId)
}

function execute(rules: Rules, state: Overlay, { body }: Transaction, block: Block): string | null {
  try {
    const { height, timeMs } = block
    for (const command of body.commands) executeCommand(rules, state, body.signer, command, height, timeMs)
    state.keep()
    return null
  } catch (error) {
    if (error instanceof BaseReadError) throw error.cause
    state.drop()
    return isSalusError(error) ? error.code : 'contract-fault'
  }
}

function executeCommand(
  rules: Rules,
  state: State,
  signer: PublicKey,
  { contract, command, args }: Command,
  height: number,
  timeMs: number,
): void {
  const definition = rules.findCommand(contract, command)
  if (!definition) throw new SalusError('unknown-command', 'no contract has this command', { contract, command })
  definition.execute({ state, signer, height, timeMs }, definition.args.parse(args))
}

/** The state could not be read: a fault of this replica, which must never become the result of a transaction. */
class BaseReadError extends Error {}

interface Row {
  readonly keyHash: Uint8Array
  /** Null when the key is absent. */
  value: Uint8Array | null
  isWritten: boolean
}

/** State with a block's writes over it: those of the transactions kept, and those of the one in work. */
class Overlay implements State {
  readonly #base: StateByHash
  /** Rows read or written by the block; a row read once is not read from the base again. */
  readonly #rows = new Map<string, Row>()
  /** What the transaction in work replaced, in order. */
  #undo: { readonly row: Row; readonly value: Uint8Array | null; readonly isWritten: boolean }[] = []

  constructor(base: StateByHash) {
    this.#base = base
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#row(key).value ?? undefined
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (value.length > VALUE_BYTES_MAX) throw new SalusError('contract-fault', 'a value of the state is too large')
    this.#write(key, value)
  }

  delete(key: Uint8Array): void {
    this.#write(key, null)
  }

  keep(): void {
    this.#undo = []
  }

  drop(): void {
    for (const { row, value, isWritten } of this.#undo.reverse()) {
      row.value = value
      row.isWritten = isWritten
    }
    this.#undo = []
  }

  writes(): HashedWrite[] {
    const writes: HashedWrite[] = []
    for (const row of this.#rows.values()) if (row.isWritten) writes.push({ keyHash: row.keyHash, value: row.value })
    return writes
  }

  #write(key: Uint8Array, value: Uint8Array | null): void {
    const row = this.#row(key)
    this.#undo.push({ row, value: row.value, isWritten: row.isWritten })
    row.value = value
    row.isWritten = true
  }

  #row(key: Uint8Array): Row {
    const name = binaryName(key)
    let row = this.#rows.get(name)
    if (!row) {
      const keyHash = digest(key)
      row = { keyHash, value: this.#read(keyHash), isWritten: false }
      this.#rows.set(name, row)
    }
    return row
  }

  #read(keyHash: Uint8Array): Uint8Array | null {
    try {
      return this.#base.getHashed(keyHash) ?? null
    } catch (cause) {
      throw new BaseReadError('the state cannot be read', { cause })
    }
  }
}

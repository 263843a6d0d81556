/**
 * What the ledger must be, whatever strikes: one sequence of blocks, in which every transaction is executed once, whose
 * roots are the same on every replica and in every life of it, and whose counters never fall. Replicas are compared
 * block by block as they tell of their commits.
 */
import {
  DisclosureRow,
  decode,
  FileRow,
  fromHex,
  LogEntry,
  parseTransaction,
  sha256,
  stateKey,
  toHex,
} from '@salus/core'
import type { CommittedBlock, Ledger, Receipt } from '@salus/ledger'
import { Violation } from './violation.ts'

interface KnownBlock {
  readonly entries: string
  readonly roots: string
}

interface Counters {
  readonly height: number
  readonly versions: number
  readonly entries: number
  readonly emergencies: number
}

export class LedgerModel {
  readonly #blocks = new Map<number, KnownBlock>()
  readonly #log: { readonly id: string; readonly code: string | null }[] = []
  readonly #executed = new Set<string>()
  readonly #files = new Set<string>()
  readonly #counters = new Map<string, Counters>()
  /** The highest block that each replica told of. */
  readonly #told = new Map<string, number>()

  /** Transactions that were applied. */
  get executed(): number {
    return this.#executed.size
  }

  get files(): ReadonlySet<string> {
    return this.#files
  }

  /** A replica was opened (again): it has all that it ever told of. */
  opened(replica: string, ledger: Ledger): void {
    const { height } = ledger.status()
    const told = this.#told.get(replica) ?? 0
    if (height < told) {
      throw new Violation('acknowledged-lost', `${replica} was at height ${told} and opens at ${height}`)
    }
    for (let missed = told + 1; missed <= height; missed++) {
      const block = ledger.block(missed)
      if (!block) throw new Violation('acknowledged-lost', `${replica} has no block ${missed} of ${height}`)
      this.#take(replica, block)
      this.#told.set(replica, missed)
    }
    this.#compareRoots(replica, ledger)
  }

  /** A replica tells of a commit. */
  committed(replica: string, ledger: Ledger, block: CommittedBlock): void {
    const told = this.#told.get(replica) ?? 0
    if (block.height !== told + 1) {
      throw new Violation('counter-fell', `${replica} tells of block ${block.height} after ${told}`)
    }
    this.#told.set(replica, block.height)
    this.#take(replica, block)
    this.#compareRoots(replica, ledger)
    for (const file of this.#files) this.#compareCounters(replica, ledger, file)
  }

  /** Somebody was told that a transaction stands in the log. */
  acknowledged(receipt: Receipt): void {
    const { transactionId, logIndex, code } = receipt
    const logged = this.#log[logIndex]
    if (logged?.id === toHex(transactionId) && logged.code === code) return
    throw new Violation('acknowledged-lost', `the log has something else at ${logIndex} than its receipt says`)
  }

  #take(replica: string, { height, firstLogIndex, entries }: CommittedBlock): void {
    const name = toHex(sha256(...entries))
    const known = this.#blocks.get(height)
    if (known) {
      if (known.entries !== name) throw new Violation('roots-differ', `${replica} has another block ${height}`)
      return
    }
    this.#blocks.set(height, { entries: name, roots: '' })
    if (firstLogIndex !== this.#log.length) {
      throw new Violation('counter-fell', `the log goes on at ${firstLogIndex} after ${this.#log.length}`)
    }
    for (const bytes of entries) this.#execute(decode(LogEntry, bytes))
  }

  #execute({ transaction, code }: LogEntry): void {
    const { id: bytes, body } = parseTransaction(transaction)
    const id = toHex(bytes)
    this.#log.push({ id, code })
    if (code !== null) return
    if (this.#executed.has(id)) throw new Violation('happened-twice', `transaction ${id} was executed twice`)
    this.#executed.add(id)
    for (const { contract, command, args } of body.commands) {
      if (contract === 'record' && command === 'open-file') {
        const [fileId] = args as [Uint8Array]
        this.#files.add(toHex(fileId))
      }
    }
  }

  #compareRoots(replica: string, ledger: Ledger): void {
    const { height, stateRoot, logRoot } = ledger.status()
    const known = this.#blocks.get(height)
    if (!known) return
    const roots = `${toHex(stateRoot)} ${toHex(logRoot)}`
    if (known.roots !== '' && known.roots !== roots) {
      throw new Violation('roots-differ', `${replica} has other roots at height ${height}`)
    }
    this.#blocks.set(height, { ...known, roots })
  }

  #compareCounters(replica: string, ledger: Ledger, file: string): void {
    const { height } = ledger.status()
    const now: Counters = { height, ...countersOf(ledger, file) }
    const before = this.#counters.get(file)
    if (before && before.height > height) return
    this.#counters.set(file, now)
    if (!before) return
    for (const name of ['versions', 'entries', 'emergencies'] as const) {
      if (now[name] < before[name]) {
        throw new Violation('counter-fell', `${replica}: ${name} of a file fell from ${before[name]} to ${now[name]}`)
      }
    }
  }
}

/** What the ledger counts for a file. */
export function countersOf(ledger: Pick<Ledger, 'get'>, file: string): Omit<Counters, 'height'> {
  const record = ledger.get(stateKey('record', 'file', [fromHex(file)]))
  const disclosure = ledger.get(stateKey('disclosure', 'file', [fromHex(file)]))
  const row = disclosure === undefined ? undefined : decode(DisclosureRow, disclosure)
  return {
    versions: record === undefined ? 0 : decode(FileRow, record).versions,
    entries: row?.entries ?? 0,
    emergencies: row?.emergencies ?? 0,
  }
}

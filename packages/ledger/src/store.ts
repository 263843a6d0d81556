/**
 * The ledger's file: one SQLite database in WAL mode with `synchronous=FULL`, so that a commit survives the loss of
 * power. Everything that a block changes is written in one transaction: the block, its log entries and tiles, the
 * values of its state, some images of the state's index, and the transaction ids that must not come again.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { equalBytes, SalusError } from '@salus/core'

/** In place of a folder: a store in memory, gone when it is closed. */
export const MEMORY_DIRECTORY = ':memory:'

/** Version of the tables below. */
const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE ledger (id BLOB NOT NULL) STRICT;
  CREATE TABLE block (
    height INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, protocol INTEGER NOT NULL,
    first_index INTEGER NOT NULL, log_size INTEGER NOT NULL, log_root BLOB NOT NULL,
    state_root BLOB NOT NULL, state_keys INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE log_segment (first_index INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
  CREATE TABLE log_tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE value_chunk (id INTEGER PRIMARY KEY, height INTEGER NOT NULL, records BLOB NOT NULL) STRICT;
  CREATE TABLE index_page (page INTEGER PRIMARY KEY, height INTEGER NOT NULL, leaves BLOB NOT NULL) STRICT;
  CREATE TABLE replay (height INTEGER PRIMARY KEY, ids BLOB NOT NULL) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** One block's row: what it committed to. The log's entries of the block are those from `firstIndex` to `logSize`. */
export interface BlockRow {
  readonly height: number
  readonly timeMs: number
  readonly protocol: number
  readonly firstIndex: number
  readonly logSize: number
  readonly logRoot: Uint8Array
  readonly stateRoot: Uint8Array
  readonly stateKeys: number
}

const BLOCK_COLUMNS = `height, time_ms AS timeMs, protocol, first_index AS firstIndex, log_size AS logSize,
  log_root AS logRoot, state_root AS stateRoot, state_keys AS stateKeys`

/** The file. Reads outside {@link Store.transaction} see the last commit. */
export class Store {
  readonly #database: DatabaseSync
  readonly #statements: Map<string, StatementSync>
  readonly #lock: DatabaseSync | null

  /**
   * Opens `ledger.sqlite` in `directory`, which is made where needed. A writer keeps every other writer out until it
   * closes or its process ends; a reader sees the ledger as it is now, beside a writer too.
   * @throws SalusError `store-locked`, `store-missing` for a reader, `store-version`, `store-other-ledger`
   */
  constructor(directory: string, ledgerId: Uint8Array, access: 'write' | 'read' = 'write') {
    this.#lock = access === 'write' && directory !== MEMORY_DIRECTORY ? lock(directory) : null
    try {
      this.#database = openDatabase(directory, access)
      this.#statements = new Map()
      this.#checkIdentity(ledgerId, access)
    } catch (error) {
      this.#lock?.close()
      throw error
    }
  }

  get<T>(sql: string, ...values: (number | Uint8Array)[]): T | undefined {
    return this.#statement(sql).get(...values) as T | undefined
  }

  all<T>(sql: string, ...values: (number | Uint8Array)[]): T[] {
    return this.#statement(sql).all(...values) as T[]
  }

  each<T>(sql: string, ...values: (number | Uint8Array)[]): Iterable<T> {
    return this.#database.prepare(sql).iterate(...values) as Iterable<T>
  }

  run(sql: string, ...values: (number | Uint8Array)[]): void {
    this.#statement(sql).run(...values)
  }

  /** Runs `work` in one durable transaction: after the return it survives a crash, after a throw it never was. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  lastBlock(): BlockRow | undefined {
    return this.get(`SELECT ${BLOCK_COLUMNS} FROM block ORDER BY height DESC LIMIT 1`)
  }

  block(height: number): BlockRow | undefined {
    return this.get(`SELECT ${BLOCK_COLUMNS} FROM block WHERE height = ?`, height)
  }

  /** The blocks from a height on, in order. */
  blocks(from = 0): Iterable<BlockRow> {
    return this.each(`SELECT ${BLOCK_COLUMNS} FROM block WHERE height >= ? ORDER BY height`, from)
  }

  insertBlock(row: BlockRow): void {
    const { height, timeMs, protocol, firstIndex, logSize, logRoot, stateRoot, stateKeys } = row
    const values = [height, timeMs, protocol, firstIndex, logSize, logRoot, stateRoot, stateKeys]
    this.run('INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)', ...values)
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
    if (this.#lock?.isOpen) this.#lock.close()
  }

  /** Makes the tables of a new file; refuses a file of another version or another ledger. */
  #checkIdentity(ledgerId: Uint8Array, access: 'write' | 'read'): void {
    const version = this.get<{ user_version: number }>('PRAGMA user_version')?.user_version
    if (version === 0 && access === 'write') {
      this.transaction(() => {
        this.#database.exec(SCHEMA)
        this.run('INSERT INTO ledger VALUES (?)', ledgerId)
      })
    } else if (version !== SCHEMA_VERSION) {
      this.#database.close()
      throw new SalusError('store-version', 'the ledger file has another version', {
        version,
        expected: SCHEMA_VERSION,
      })
    }
    // A reader keeps one view of the ledger from its first read on.
    if (access === 'read') this.#database.exec('BEGIN')
    const id = this.get<{ id: Uint8Array }>('SELECT id FROM ledger')?.id
    if (id && equalBytes(id, ledgerId)) return
    this.#database.close()
    throw new SalusError('store-other-ledger', 'the file belongs to a ledger with another genesis')
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function openDatabase(directory: string, access: 'write' | 'read'): DatabaseSync {
  if (directory === MEMORY_DIRECTORY) return new DatabaseSync(directory)
  const path = join(directory, 'ledger.sqlite')
  if (access === 'read') {
    if (!existsSync(path)) throw new SalusError('store-missing', 'there is no ledger in this folder')
    return new DatabaseSync(path, { readOnly: true })
  }
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384')
  return database
}

/** A lock that ends with the process: SQLite's own, on an empty file beside the ledger's. */
function lock(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true })
  const database = new DatabaseSync(join(directory, 'lock.sqlite'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database.close()
    throw new SalusError('store-locked', 'another process has this ledger open', {}, cause)
  }
}

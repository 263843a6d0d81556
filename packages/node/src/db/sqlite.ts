/**
 * The node's database on `node:sqlite`: WAL with `synchronous=FULL`, one connection that writes and one that reads.
 *
 * Writes commit in groups. While one transaction runs, others queue; the queue then runs in one SQLite transaction,
 * each body inside a savepoint so that one which throws leaves nothing behind, and all of them resolve after the one
 * commit that made them durable.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { SalusError } from '@salus/core'
import type { Database, Ddl, Queries, SqlValue } from './database.ts'

/** Prepared statements kept for each connection. */
const STATEMENTS_MAX = 512
/** Bodies that may share one commit. */
const GROUP_MAX = 64
const BUSY_TIMEOUT_MS = 10_000
/** Page cache of each connection, in KiB, and how much of the file is read through the page tables. */
const CACHE_KIB = 65_536
const MMAP_BYTES = 1024 * 1024 * 1024

interface Pending {
  readonly work: (transaction: Queries) => Promise<unknown>
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** Queries on one connection, with its prepared statements: the least recently used one makes room for a new one. */
class SqliteQueries implements Queries {
  private readonly connection: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(connection: DatabaseSync) {
    this.connection = connection
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql)
    if (statement) {
      this.statements.delete(sql)
    } else {
      if (this.statements.size >= STATEMENTS_MAX) this.statements.delete(this.statements.keys().next().value as string)
      statement = this.connection.prepare(sql)
    }
    this.statements.set(sql, statement)
    return statement
  }

  async all<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.prepare(sql).all(...parameters) as Row[]
  }

  async get<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return this.prepare(sql).get(...parameters) as Row | undefined
  }

  async run(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return Number(this.prepare(sql).run(...parameters).changes)
  }
}

class SqliteDatabase implements Database {
  readonly dialect = 'sqlite'
  readonly read: Queries
  private readonly writer: DatabaseSync
  private readonly reader: DatabaseSync
  private readonly transaction: SqliteQueries
  private queue: Pending[] = []
  private running: Promise<void> | null = null
  private closed = false
  /** A folder to be removed with the database, or null. */
  private readonly temporary: string | null

  constructor(path: string, ddl: readonly string[], temporary: string | null) {
    this.temporary = temporary
    this.writer = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    this.writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
      PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA mmap_size = ${MMAP_BYTES}`)
    this.writer.exec('BEGIN IMMEDIATE')
    for (const statement of ddl) this.writer.exec(statement)
    this.writer.exec('COMMIT')
    this.reader = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    this.reader.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA mmap_size = ${MMAP_BYTES}`)
    this.transaction = new SqliteQueries(this.writer)
    this.read = new SqliteQueries(this.reader)
  }

  write<T>(work: (transaction: Queries) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new SalusError('database-closed', 'the database is closed'))
    return new Promise<T>((resolve, reject) => {
      this.queue.push({ work, resolve, reject })
      this.running ??= this.drain()
    })
  }

  private async drain(): Promise<void> {
    await Promise.resolve()
    while (this.queue.length > 0) await this.group(this.queue.splice(0, GROUP_MAX))
    this.running = null
  }

  private async group(members: readonly Pending[]): Promise<void> {
    const settled: (() => void)[] = []
    try {
      this.writer.exec('BEGIN IMMEDIATE')
      for (const member of members) settled.push(await this.member(member))
      this.writer.exec('COMMIT')
    } catch (error) {
      if (this.writer.isTransaction) this.writer.exec('ROLLBACK')
      for (const member of members) member.reject(error)
      return
    }
    for (const settle of settled) settle()
  }

  /** Runs one body inside its savepoint; returns what tells its caller, to be called after the commit. */
  private async member(member: Pending): Promise<() => void> {
    this.writer.exec('SAVEPOINT body')
    try {
      const value = await member.work(this.transaction)
      this.writer.exec('RELEASE body')
      return () => member.resolve(value as never)
    } catch (error) {
      this.writer.exec('ROLLBACK TO body; RELEASE body')
      return () => member.reject(error)
    }
  }

  /** `secure_delete` has overwritten the pages; this writes them to the file and empties the log of older copies. */
  async scrub(): Promise<void> {
    while (this.running) await this.running
    if (!this.closed) this.writer.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  async close(): Promise<void> {
    this.closed = true
    await this.running
    if (!this.writer.isOpen) return
    this.reader.close()
    this.writer.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.writer.close()
    if (this.temporary !== null) rmSync(this.temporary, { recursive: true, force: true })
  }
}

/** Opens the database at `path` for reading; who writes it is another thread or process. */
export function openSqliteReader(path: string): { readonly read: Queries; close(): void } {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  return { read: new SqliteQueries(connection), close: () => connection.close() }
}

/**
 * Opens the database at `path`, which is created when absent, and applies the tables of each part. `:memory:` opens
 * one that goes when it is closed: a file in a temporary folder, as two connections cannot share memory.
 * @throws SalusError `database-closed` from `write` after `close`
 */
export function openSqlite(path: string, ddl: readonly (Ddl | string)[]): Database {
  const temporary = path === ':memory:' ? mkdtempSync(join(tmpdir(), 'salus-')) : null
  return new SqliteDatabase(temporary === null ? path : join(temporary, 'database'), ddl.flat(), temporary)
}

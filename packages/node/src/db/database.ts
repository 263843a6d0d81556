/**
 * The node's own database. SQLite by default; PostgreSQL implements the same interface. SQL is written with `?` for
 * parameters and kept to what both understand, or built by kysely for the dialect.
 *
 * Implementations MUST give `read` a consistent view of committed data only, MUST run `write` bodies one at a time
 * and atomically (a body that throws leaves nothing behind), and MUST NOT resolve a write that a crash could lose.
 */
export type SqlValue = string | number | bigint | Uint8Array | null

export interface Queries {
  /** All rows. `sql` is prepared once and kept. */
  all<Row>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
  /** The first row, or undefined. */
  get<Row>(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined>
  /** Runs a statement; resolves to the number of rows changed. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>
}

export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  /** Queries outside a transaction, each on committed data. */
  readonly read: Queries
  /** Runs `work` in one durable transaction; bodies run one after the other. */
  write<T>(work: (transaction: Queries) => Promise<T>): Promise<T>
  /** Removes what was deleted from files kept beside the main one (write-ahead logs), after an erasure. */
  scrub(): Promise<void>
  close(): Promise<void>
}

/** The tables of one part of the node, created when absent. Statements are idempotent. */
export type Ddl = readonly string[]

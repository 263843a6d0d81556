/** The tables of the outbox: what waits stands beside what it commits to, what was sealed beside the journal. */
import type { Ddl } from '../db/database.ts'

/** In the node's database: the commitments of record versions, in the order in which they were stored. */
export const OUTBOX_DDL: Ddl = [
  'CREATE TABLE IF NOT EXISTS outbox_item (seq INTEGER PRIMARY KEY, file_id TEXT NOT NULL, commitment BLOB NOT NULL)',
  'CREATE INDEX IF NOT EXISTS outbox_item_commitment ON outbox_item (commitment)',
]

/**
 * In the journal's database, whose thread commits them: the signed transactions, the batches in them, and the files
 * that they opened. `first` and `last` of a batch are explained in waiting.ts; `log_index` is null until the ledger is
 * known to have committed the transaction.
 */
export const SEALED_DDL: Ddl = [
  `CREATE TABLE IF NOT EXISTS outbox_batch (
     batch INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     file_id TEXT NOT NULL,
     first INTEGER NOT NULL,
     last INTEGER NOT NULL,
     sealed INTEGER NOT NULL,
     command INTEGER NOT NULL,
     file INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS outbox_batch_last ON outbox_batch (kind, last)',
  'CREATE INDEX IF NOT EXISTS outbox_batch_file ON outbox_batch (file_id, kind, first)',
  `CREATE TABLE IF NOT EXISTS outbox_sealed (
     sealed INTEGER PRIMARY KEY,
     wire BLOB NOT NULL,
     expires_at_ms INTEGER NOT NULL,
     after_height INTEGER NOT NULL,
     log_index INTEGER,
     height INTEGER,
     time_ms INTEGER)`,
  'CREATE INDEX IF NOT EXISTS outbox_unsettled ON outbox_sealed (sealed) WHERE log_index IS NULL',
  'CREATE TABLE IF NOT EXISTS outbox_opened (file_id TEXT PRIMARY KEY)',
]

/**
 * The tables of `journal.db`. `journal_entry` is what a request waits for: narrow, written at its end alone, without
 * secondary indexes. All else follows from it and is made in the background: `disclosure` and `refused_unknown` are
 * what logs and searches read, `disclosure_batch` what the outbox brings to the ledger. An entry's batch is the one of
 * its file that holds its sequence, so sealing never touches an entry again.
 */
import type { Ddl } from '../db/database.ts'

/** `journal_entry.kind`: an encoded `DisclosureEntry`, or an encoded `UnknownRefusal`. */
export const KIND = { disclosure: 0, unknown: 1 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]

/** `last_item` is the last item that was looked at when the batch was sealed, whatever its file. */
export const JOURNAL_DDL: Ddl = [
  'CREATE TABLE IF NOT EXISTS journal_entry (item INTEGER PRIMARY KEY, kind INTEGER NOT NULL, entry BLOB NOT NULL)',
  `CREATE TABLE IF NOT EXISTS disclosure (
     item INTEGER PRIMARY KEY,
     file_id TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     time_ms INTEGER NOT NULL,
     requester TEXT NOT NULL,
     practitioner TEXT,
     decision TEXT NOT NULL,
     UNIQUE (file_id, sequence))`,
  'CREATE INDEX IF NOT EXISTS disclosure_time ON disclosure (time_ms, item)',
  `CREATE TABLE IF NOT EXISTS refused_unknown (
     item INTEGER PRIMARY KEY,
     time_ms INTEGER NOT NULL,
     requester TEXT NOT NULL,
     practitioner TEXT,
     reason TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS disclosure_batch (
     batch INTEGER PRIMARY KEY,
     file_id TEXT NOT NULL,
     first_sequence INTEGER NOT NULL,
     count INTEGER NOT NULL,
     root BLOB NOT NULL,
     emergencies INTEGER NOT NULL,
     last_item INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS disclosure_batch_file ON disclosure_batch (file_id, first_sequence)',
]

/**
 * One leaf of the log: a transaction with its result (docs/spec/log.md). A refused transaction that reached a block
 * stays in the log with the code of its refusal.
 */
import { bytes, type Infer, nullable, struct, text, uint } from '../schema.ts'
import { TRANSACTION_BYTES_MAX } from './transaction.ts'

/** `timeMs` is the block's time; `code` is null when the commands were applied. */
export const LogEntry = struct({
  transaction: bytes(1, TRANSACTION_BYTES_MAX),
  height: uint(),
  timeMs: uint(),
  code: nullable(text(64)),
})
export type LogEntry = Infer<typeof LogEntry>

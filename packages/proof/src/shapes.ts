/** Shapes that several kinds of proof file share (docs/spec/proof.md). */
import { HASH_BYTES, json, type Shape, TRANSACTION_BYTES_MAX } from '@salus/core'
import { NOTE_LENGTH_MAX } from './checkpoint.ts'
import type { StateProof } from './evidence.ts'
import { PATH_LENGTH_MAX } from './merkle.ts'
import { STATE_DEPTH_MAX } from './state.ts'

export const FORMAT = json.literal('salus-proof/1')

/** Longest key of a state row, in bytes. */
const STATE_KEY_BYTES_MAX = 1024
/** A log entry is a transaction with its height, time and result code. */
const LOG_ENTRY_BYTES_MAX = TRANSACTION_BYTES_MAX + 256

export const AuditPath = json.array(json.hex(HASH_BYTES), 0, PATH_LENGTH_MAX)
export const Note = json.text(NOTE_LENGTH_MAX)
const StateValue = json.base64url(TRANSACTION_BYTES_MAX)

/** A log entry with its place in the log. */
export const LogPlace = json.object({
  entry: json.base64url(LOG_ENTRY_BYTES_MAX),
  index: json.uint(),
  path: AuditPath,
})

export const StateProofShape: Shape<StateProof> = json.object({
  key: json.base64url(STATE_KEY_BYTES_MAX),
  value: json.nullable(StateValue),
  other: json.nullable(json.object({ keyHash: json.hex(HASH_BYTES), value: StateValue })),
  depth: json.uint(STATE_DEPTH_MAX),
  bitmap: json.base64url(STATE_DEPTH_MAX / 8),
  siblings: json.array(json.hex(HASH_BYTES), 0, STATE_DEPTH_MAX),
  checkpoint: Note,
})

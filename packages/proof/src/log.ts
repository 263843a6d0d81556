/** Proofs that a transaction with its result is in the ledger's log (docs/spec/log.md). */
import { type Checkpoint, decode, type Genesis, LogEntry, SalusError } from '@salus/core'
import { openCheckpoint } from './checkpoint.ts'
import type { LogProof } from './evidence.ts'
import { merkleLeafHash, verifyInclusion } from './merkle.ts'

/**
 * Checks `proof` under its own checkpoint.
 * @throws SalusError as `verifyLogEntry` and `openCheckpoint`
 */
export function verifyLogProof(proof: LogProof, genesis: Genesis): { entry: LogEntry; checkpoint: Checkpoint } {
  const checkpoint = openCheckpoint(proof.checkpoint, genesis)
  return { entry: verifyLogEntry(proof, checkpoint), checkpoint }
}

/**
 * The log entry, once it is shown to stand in the log of `checkpoint`.
 * @throws SalusError `merkle-inclusion`, `log-height`, and those of decoding
 */
export function verifyLogEntry(place: Omit<LogProof, 'checkpoint'>, checkpoint: Checkpoint): LogEntry {
  const leafHash = merkleLeafHash(place.entry)
  verifyInclusion(leafHash, place.index, checkpoint.logSize, place.path, checkpoint.logRoot)
  const entry = decode(LogEntry, place.entry)
  if (entry.height > checkpoint.height) {
    throw new SalusError('log-height', 'the entry is later than its checkpoint', {
      height: entry.height,
      checkpoint: checkpoint.height,
    })
  }
  return entry
}

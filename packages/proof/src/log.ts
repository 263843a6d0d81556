/** Proofs that a transaction with its result is in the ledger's log (docs/spec/log.md). */
import { type Checkpoint, decode, type Genesis, LogEntry, SalusError } from '@salus/core'
import { openCheckpoint } from './checkpoint.ts'
import type { LogProof } from './evidence.ts'
import { merkleLeafHash, verifyInclusion } from './merkle.ts'

/**
 * Checks `proof` under its own checkpoint.
 * @throws SalusError `merkle-inclusion`, `log-height`, those of `openCheckpoint`, and those of decoding
 */
export function verifyLogProof(proof: LogProof, genesis: Genesis): { entry: LogEntry; checkpoint: Checkpoint } {
  const checkpoint = openCheckpoint(proof.checkpoint, genesis)
  verifyInclusion(merkleLeafHash(proof.entry), proof.index, checkpoint.logSize, proof.path, checkpoint.logRoot)
  const entry = decode(LogEntry, proof.entry)
  if (entry.height > checkpoint.height) {
    throw new SalusError('log-height', 'the entry is later than its checkpoint', {
      height: entry.height,
      checkpoint: checkpoint.height,
    })
  }
  return { entry, checkpoint }
}

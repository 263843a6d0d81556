/** Rows of state out of the state proofs that a proof file carries. */
import { type Checkpoint, decode, equalBytes, type Genesis, SalusError, type Schema, toHex } from '@salus/core'
import { openBareCheckpoint } from './checkpoint.ts'
import type { StateProof } from './evidence.ts'
import { verifyState } from './state.ts'

/**
 * The row under `key` that `proof` shows.
 * @throws SalusError `state-proof-key` (it is about another key), `state-proof-absent`, and those of the proof itself
 */
export function provenRow<T>(
  schema: Schema<T>,
  key: Uint8Array,
  proof: StateProof,
  genesis: Genesis,
): { row: T; checkpoint: Checkpoint } {
  if (!equalBytes(proof.key, key)) {
    throw new SalusError('state-proof-key', 'the state proof is about another key', {
      expected: toHex(key),
      found: toHex(proof.key),
    })
  }
  const checkpoint = openBareCheckpoint(proof.checkpoint, genesis)
  verifyState(proof, checkpoint.stateRoot)
  if (!proof.value) throw new SalusError('state-proof-absent', 'the row is absent', { key: toHex(key) })
  return { row: decode(schema, proof.value), checkpoint }
}

/** Rows of state out of state proofs. */
import { type Checkpoint, decode, equalBytes, type Genesis, SalusError, type Schema, toHex } from '@salus/core'
import { verifyCarriedState } from './carried.ts'
import type { StateProof } from './evidence.ts'

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
  const checkpoint = verifyCarriedState(proof, genesis)
  if (!proof.value) throw new SalusError('state-proof-absent', 'the row is absent', { key: toHex(key) })
  return { row: decode(schema, proof.value), checkpoint }
}

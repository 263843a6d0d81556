/** "This row was, or was not, in the ledger's state at that height" (docs/spec/state-tree.md). */
import { decodeCbor, equalBytes, HASH_BYTES, json, SalusError, type ShapeOf, sha256, toHex } from '@salus/core'
import { openBareCheckpoint } from '../checkpoint.ts'
import type { StateProof } from '../evidence.ts'
import { FORMAT, StateProofShape } from '../shapes.ts'
import { verifyState } from '../state.ts'
import type { Kind } from './kind.ts'

/**
 * `keyHash` is SHA-256 of the key. Where a key is absent so are its neighbours, under the same evidence: without the
 * hash a changed byte of the key would give a valid proof of another absence.
 */
const shape = json.object({
  format: FORMAT,
  kind: json.literal('state'),
  keyHash: json.hex(HASH_BYTES),
  proof: StateProofShape,
})
export type StateProofFile = ShapeOf<typeof shape>

/** The file that carries `proof`, whose checkpoint must be bare (`withoutWitnesses`). */
export function stateProofFile(proof: StateProof): StateProofFile {
  return { format: 'salus-proof/1', kind: 'state', keyHash: sha256(proof.key), proof }
}

export interface StateClaim {
  readonly kind: 'state'
  readonly contract: string
  readonly table: string
  readonly key: string
  readonly present: boolean
  /** The encoded row, null when absent. */
  readonly row: string | null
  readonly ledger: string
  readonly height: number
}

export const state: Kind<StateProofFile, StateClaim> = {
  shape,
  verify({ keyHash, proof }, genesis) {
    if (!equalBytes(keyHash, sha256(proof.key))) {
      throw new SalusError('state-proof-key', 'the state proof is about another key', { found: toHex(proof.key) })
    }
    const checkpoint = openBareCheckpoint(proof.checkpoint, genesis)
    verifyState(proof, checkpoint.stateRoot)
    const [contract, table] = tableOf(proof.key)
    const claim: StateClaim = {
      kind: 'state',
      contract,
      table,
      key: toHex(proof.key),
      present: proof.value !== null,
      row: proof.value && toHex(proof.value),
      ledger: toHex(genesis.ledgerId),
      height: checkpoint.height,
    }
    return { claim, checkpoint }
  },
}

function tableOf(key: Uint8Array): readonly [contract: string, table: string] {
  const parts = decodeCbor(key)
  if (!Array.isArray(parts) || typeof parts[0] !== 'string' || typeof parts[1] !== 'string') {
    throw new SalusError('state-key-malformed', 'the key names no table', { key: toHex(key) })
  }
  return [parts[0], parts[1]]
}

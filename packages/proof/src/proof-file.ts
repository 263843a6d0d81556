/**
 * The proof that travels: one JSON file with all evidence of one fact, checked offline against the genesis file and
 * nothing else (docs/spec/proof.md). It has one spelling, so any changed byte is noticed.
 */
import { readGenesis, readJsonFile, SalusError, writeJsonFile } from '@salus/core'
import { type CheckpointClaim, describeCheckpoint } from './claim.ts'
import { type Claim, kindOf, type ProofFile, ProofFileShape } from './kinds/registry.ts'

/** Longest proof file, in UTF-16 units. */
export const PROOF_LENGTH_MAX = 40 * 1024 * 1024

/** What a valid proof says, in plain JSON. */
export interface VerifiedProof {
  readonly claim: Claim
  readonly checkpoint: CheckpointClaim
}

export type ProofResult =
  | ({ readonly valid: true } & VerifiedProof)
  | { readonly valid: false; readonly error: SalusError }

/** The exact text of a proof file. */
export function writeProofFile(file: ProofFile): string {
  return writeJsonFile(ProofFileShape, file)
}

/**
 * Takes a proof file apart without checking what it says.
 * @throws SalusError `proof-too-large`, `proof-kind-unknown`, `json-*`
 */
export function readProofFile(proof: string): ProofFile {
  if (proof.length > PROOF_LENGTH_MAX) {
    throw new SalusError('proof-too-large', 'the proof file is too large', { PROOF_LENGTH_MAX })
  }
  return readJsonFile(ProofFileShape, proof)
}

/**
 * Checks the text of a proof file against the text of the genesis file.
 * @throws SalusError `proof-too-large`, `proof-kind-unknown`, `genesis-malformed`, `json-*`, and the code of the first
 *   link that does not hold, with the evidence in its details
 */
export function openProofFile(proof: string, genesis: string): VerifiedProof {
  const file = readProofFile(proof)
  const { claim, checkpoint } = kindOf(file).verify(file, readGenesis(genesis))
  return { claim, checkpoint: describeCheckpoint(checkpoint) }
}

/** As `openProofFile`, with the failure as a value. */
export function verifyProofFile(proof: string, genesis: string): ProofResult {
  try {
    return { valid: true, ...openProofFile(proof, genesis) }
  } catch (error) {
    if (error instanceof SalusError) return { valid: false, error }
    throw error
  }
}

/**
 * Evidence as a proof file carries it. A file's notes hold the ledger's signature alone: what nobody checks, such as a
 * witness's line, would be bytes of the file that mean nothing.
 */
import { type Checkpoint, type Genesis, SalusError } from '@salus/core'
import { withoutWitnesses } from './checkpoint.ts'
import type { LogProof, StateProof } from './evidence.ts'
import { verifyLogProof } from './log.ts'
import { verifyStateProof } from './state.ts'

/** @throws SalusError `checkpoint-witnessed`, and those of `verifyLogProof` */
export function verifyCarriedLog(proof: LogProof, genesis: Genesis): ReturnType<typeof verifyLogProof> {
  requireBareNote(proof.checkpoint, genesis)
  return verifyLogProof(proof, genesis)
}

/** @throws SalusError `checkpoint-witnessed`, and those of `verifyStateProof` */
export function verifyCarriedState(proof: StateProof, genesis: Genesis): Checkpoint {
  requireBareNote(proof.checkpoint, genesis)
  return verifyStateProof(proof, genesis)
}

function requireBareNote(note: string, genesis: Genesis): void {
  if (withoutWitnesses(note, genesis) !== note) {
    throw new SalusError('checkpoint-witnessed', 'a proof file carries the signature of the ledger alone')
  }
}

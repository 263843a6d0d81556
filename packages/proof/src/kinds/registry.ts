/** The one list of kinds of proof file. A new kind is a file here and a line in each list. */
import type { Shape } from '@salus/core'
import { SalusError } from '@salus/core'
import { type DisclosureClaim, type DisclosureProof, disclosure } from './disclosure.ts'
import { type ForkClaim, type ForkProof, fork } from './fork.ts'
import type { Kind } from './kind.ts'
import { type OmissionClaim, type OmissionProof, omission } from './omission.ts'
import { type RecordClaim, type RecordProof, record } from './record.ts'
import { type StateClaim, type StateProofFile, state } from './state.ts'

export type ProofFile = DisclosureProof | RecordProof | StateProofFile | OmissionProof | ForkProof
export type Claim = DisclosureClaim | RecordClaim | StateClaim | OmissionClaim | ForkClaim

const KINDS = new Map<unknown, Kind<ProofFile, Claim>>([
  ['disclosure', disclosure],
  ['record', record],
  ['state', state],
  ['omission', omission],
  ['fork', fork],
])

/** The kind of a proof file that may be anything. @throws SalusError `proof-kind-unknown` */
export function kindOf(file: unknown): Kind<ProofFile, Claim> {
  const name = typeof file === 'object' && file !== null && 'kind' in file ? file.kind : undefined
  const kind = KINDS.get(name)
  if (!kind) throw new SalusError('proof-kind-unknown', 'the file is no proof of a known kind')
  return kind
}

export const ProofFileShape: Shape<ProofFile> = {
  read: (value, path) => kindOf(value).shape.read(value, path),
  write: (file) => kindOf(file).shape.write(file),
}

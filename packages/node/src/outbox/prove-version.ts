/** The proof file of one stored version, as `$proof` hands it out. */
import { writeProofFile } from '@salus/proof'
import type { StoredVersion } from '../vault/vault.ts'
import { type EvidenceParts, versionEvidence } from './evidence.ts'

/** @throws SalusError `not-committed-yet`, `commitment-unknown` */
export async function proveVersion(parts: EvidenceParts, version: StoredVersion): Promise<string> {
  const { type, id, salt, text, deleted, commitment } = version
  return writeProofFile({
    format: 'salus-proof/1',
    kind: 'record',
    type,
    id,
    version: version.version,
    salt,
    resource: deleted ? null : text,
    ...(await versionEvidence(parts, commitment)),
  })
}

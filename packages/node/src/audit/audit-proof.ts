/** What `$proof` of an AuditEvent hands out: the proof file of the disclosure, of which the event is a rendering. */
import { toHex } from '@salus/core'
import { writeProofFile } from '@salus/proof'
import { parseDisclosureId } from '../disclosure/journal.ts'
import { disclosureEvidence, type EvidenceParts } from '../outbox/evidence.ts'
import type { StoredVersion } from '../vault/vault.ts'

/** @throws SalusError `not-committed-yet` */
export async function proveAuditEvent(parts: EvidenceParts, { id }: StoredVersion): Promise<string> {
  const { fileId, sequence } = parseDisclosureId(id)
  const file = toHex(fileId)
  const { row } = await parts.journal.entry(file, sequence)
  return writeProofFile({
    format: 'salus-proof/1',
    kind: 'disclosure',
    entry: new Uint8Array(row.entry),
    ...(await disclosureEvidence(parts, file, sequence)),
  })
}

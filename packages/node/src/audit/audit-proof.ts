/** What `$proof` of an AuditEvent hands out: the proof file of the disclosure, of which the event is a rendering. */
import { toHex } from '@salus/core'
import { writeProofFile } from '@salus/proof'
import { type Journal, parseDisclosureId } from '../disclosure/journal.ts'
import { type EvidenceParts, itemEvidence } from '../outbox/evidence.ts'
import type { StoredVersion } from '../vault/vault.ts'

/** @throws SalusError `not-committed-yet` */
export async function proveAuditEvent(
  parts: EvidenceParts & { readonly journal: Journal },
  { id, commitment }: StoredVersion,
): Promise<string> {
  const { fileId, sequence } = parseDisclosureId(id)
  const { row } = await parts.journal.entry(toHex(fileId), sequence)
  return writeProofFile({
    format: 'salus-proof/1',
    kind: 'disclosure',
    entry: new Uint8Array(row.entry),
    ...(await itemEvidence(parts, commitment)),
  })
}

/**
 * The commitment of one stored version of one resource (docs/spec/record.md): salted, over the exact bytes that a
 * FHIR read returns, so that whoever receives them can check what was recorded and when.
 */
import { sha256 } from '#crypto'
import { DOMAIN, domainHash } from '../hash.ts'
import { bytes, encode, type Infer, struct, text } from '../schema.ts'

/** `body` is SHA-256 over the UTF-8 bytes of the resource; a deletion has the hash of no bytes. */
export const RecordVersion = struct({
  salt: bytes(16),
  type: text(64),
  id: text(64),
  version: text(64),
  body: bytes(32),
})
export type RecordVersion = Infer<typeof RecordVersion>

/** What the Merkle batch holds for a version: 32 bytes. */
export function recordCommitment(version: RecordVersion): Uint8Array {
  return domainHash(DOMAIN.recordVersion, encode(RecordVersion, version))
}

/** The commitment of the version `type/id/_history/version` whose exact bytes are `body` (empty for a deletion). */
export function commitVersion(
  type: string,
  id: string,
  version: string,
  body: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  return recordCommitment({ salt, type, id, version, body: sha256(body) })
}

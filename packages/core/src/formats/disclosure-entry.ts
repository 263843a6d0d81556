/**
 * One disclosure, or one refused request, as the custodian records it and the ledger commits to it
 * (docs/spec/disclosure.md). The entry itself never reaches the ledger: only the Merkle root of a batch of
 * commitments does. The salt keeps a commitment from being guessed.
 */
import { DOMAIN, domainHash } from '../hash.ts'
import { array, bytes, encode, type Infer, nullable, oneOf, struct, text, uint } from '../schema.ts'

/** Random identifier of one patient's file at one custodian, and of a consent: 16 bytes. */
export const ID_BYTES = 16

/** Most resource types that one disclosure can name; FHIR R4 has 148. */
export const DISCLOSED_TYPES_MAX = 160

export const MemberId = text(32, /^[0-9a-f]{32}$/)
export const FileId = bytes(ID_BYTES)
export const ConsentId = bytes(ID_BYTES)

/**
 * `sequence` counts a file's entries from 1 without gaps. `custodian` released, or refused to release, to
 * `requester`; they are the same member for a disclosure inside. `purpose` is a code of v3-PurposeOfUse or
 * `system|code`. `reason` is the stable code of the decision. `emergency` is the stated reason of emergency access.
 * `content` is the RFC 9162 root over the commitments of the released versions in the order of the answer, null
 * when nothing was released.
 */
export const DisclosureEntry = struct({
  fileId: FileId,
  sequence: uint(),
  salt: bytes(16),
  timeMs: uint(),
  custodian: MemberId,
  requester: MemberId,
  practitioner: nullable(text(128)),
  purpose: text(256),
  interaction: text(32),
  decision: oneOf('permit', 'deny'),
  reason: text(64),
  emergency: nullable(text(500)),
  consents: array(ConsentId, 0, 32),
  what: array(struct({ type: text(64), count: uint() }), 0, DISCLOSED_TYPES_MAX),
  content: nullable(bytes(32)),
})
export type DisclosureEntry = Infer<typeof DisclosureEntry>

/** What the Merkle batch holds for an entry: 32 bytes. */
export function disclosureCommitment(entry: DisclosureEntry): Uint8Array {
  return domainHash(DOMAIN.disclosureEntry, encode(DisclosureEntry, entry))
}

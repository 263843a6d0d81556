/**
 * The rows of state that a verifier reads. Contracts own the rules; the shapes stand here because a proof must be
 * checked by code that knows no contract.
 */
import { HASH_BYTES } from '../hash.ts'
import { PublicKey } from '../keys.ts'
import { array, bytes, type Infer, nullable, oneOf, struct, text, uint } from '../schema.ts'
import { MemberId } from './disclosure-entry.ts'

export const MEMBER_ROLES = [
  'provider',
  'pharmacy',
  'laboratory',
  'payer',
  'manufacturer',
  'wholesaler',
  'sponsor',
  'ethics-board',
  'telehealth',
  'regulator',
] as const

/** The short name of a member in paths and on command lines, unique among the members of a ledger. */
export const MemberHandle = text(32, /^[a-z][a-z0-9-]*$/)

/** `membership/member/{memberId}` */
export const MemberRow = struct({
  handle: MemberHandle,
  name: text(128),
  roles: array(oneOf(...MEMBER_ROLES), 1, MEMBER_ROLES.length),
  status: oneOf('active', 'suspended'),
  signingKey: bytes(32),
  encryptionKey: bytes(32),
  url: text(256, /^https?:\/\/[^\s]+$/),
  admittedAtMs: uint(),
  keySinceMs: uint(),
})
export type MemberRow = Infer<typeof MemberRow>

/**
 * `membership/key/{signingKey}`: whose key it is. A row stays when its key is replaced, so that no key ever serves
 * twice and old signatures can be attributed: the key signed for the member from `sinceMs` until before `untilMs`.
 */
export const KeyRow = struct({ memberId: MemberId, sinceMs: uint(), untilMs: nullable(uint()) })
export type KeyRow = Infer<typeof KeyRow>

/**
 * `consent/consent/{consentId}`. `status` is what the controller did; a consent is in force when it is `active` and
 * `expiresAtMs` has not come. `endedAtMs` and `replacedBy` say when and by what it was revoked or replaced.
 */
export const ConsentRow = struct({
  commitment: bytes(HASH_BYTES),
  controller: PublicKey,
  status: oneOf('active', 'revoked', 'replaced'),
  grantedAtMs: uint(),
  expiresAtMs: nullable(uint()),
  endedAtMs: nullable(uint()),
  replacedBy: nullable(bytes(16)),
})
export type ConsentRow = Infer<typeof ConsentRow>

/** `record/file/{fileId}`: versions anchored so far and the head of their chain. `anchoredAtMs` is 0 before any. */
export const FileRow = struct({
  custodian: MemberId,
  status: oneOf('open', 'closed'),
  openedAtMs: uint(),
  versions: uint(),
  head: bytes(HASH_BYTES),
  anchoredAtMs: uint(),
})
export type FileRow = Infer<typeof FileRow>

/** `disclosure/file/{fileId}`: entries committed so far, emergencies among them, and the head of their chain. */
export const DisclosureRow = struct({
  entries: uint(),
  emergencies: uint(),
  head: bytes(HASH_BYTES),
  committedAtMs: uint(),
})
export type DisclosureRow = Infer<typeof DisclosureRow>

/** `disclosure/receipt/{fileId}/{memberId}`: what a recipient says it received from a file. */
export const ReceiptRow = struct({ entries: uint(), head: bytes(HASH_BYTES), committedAtMs: uint() })
export type ReceiptRow = Infer<typeof ReceiptRow>

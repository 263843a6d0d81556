/**
 * Hashing with domain separation. Every hash of a Salus structure is SHA-256 over the domain tag, a zero byte, and
 * the content; no tag contains a zero byte, so a hash of one kind can never be taken for a hash of another.
 */
import { sha256 } from '#crypto'
import { utf8 } from './bytes.ts'

export { randomBytes, sha256 } from '#crypto'

/** Length in bytes of every hash. */
export const HASH_BYTES = 32

/**
 * All domain tags, in one place so that no two are alike.
 * The log's leaves and nodes use 0x00 and 0x01 instead (RFC 9162 section 2.1), state leaves `STATE_LEAF_TAG`.
 */
export const DOMAIN = {
  ledgerId: 'salus/v1/genesis',
  transaction: 'salus/v1/transaction',
  disclosureEntry: 'salus/v1/disclosure-entry',
  disclosureChain: 'salus/v1/disclosure-chain',
  recordVersion: 'salus/v1/record-version',
  recordChain: 'salus/v1/record-chain',
  consentDocument: 'salus/v1/consent-document',
  controllerBinding: 'salus/v1/controller-binding',
  logStatement: 'salus/v1/log-statement',
  patientRequest: 'salus/v1/patient-request',
  appHash: 'salus/v1/app-hash',
  memberId: 'salus/v1/member-id',
  keyRotation: 'salus/v1/key-rotation',
  validatorKey: 'salus/v1/validator-key',
  derive: 'salus/v1/derive',
} as const

export type Domain = (typeof DOMAIN)[keyof typeof DOMAIN]

const TAGS = new Map<Domain, Uint8Array>(Object.values(DOMAIN).map((tag) => [tag, utf8(`${tag}\0`)]))

/** SHA-256 of the domain tag, a zero byte, and the parts one after the other. 32 bytes. */
export function domainHash(domain: Domain, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(TAGS.get(domain) as Uint8Array, ...parts)
}

/**
 * Binds a consent to the patient who granted it (docs/spec/consent.md). On the ledger a consent is known only by a
 * controller key made for it alone; with this statement, which stays with the custodian, the patient's enrolled
 * identity key says: this controller is mine, for this consent, about this file. So no custodian can make a consent.
 */
import { DOMAIN, domainHash, HASH_BYTES } from '../hash.ts'
import { PublicKey } from '../keys.ts'
import { bytes, encode, type Infer, struct } from '../schema.ts'
import { ConsentId, FileId } from './disclosure-entry.ts'

/** `commitment` is that of the consent's document: {@link consentCommitment}. */
export const ControllerBinding = struct({
  fileId: FileId,
  consentId: ConsentId,
  controller: PublicKey,
  commitment: bytes(HASH_BYTES),
})
export type ControllerBinding = Infer<typeof ControllerBinding>

/** Length in bytes of the salt of a consent's document. */
export const CONSENT_SALT_BYTES = 16

/** What the ledger holds of a consent document: 32 bytes. `document` is its exact UTF-8 text. */
export function consentCommitment(salt: Uint8Array, document: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.consentDocument, salt, document)
}

/** What the patient's identity key signs: 32 bytes. */
export function controllerBindingDigest(binding: ControllerBinding): Uint8Array {
  return domainHash(DOMAIN.controllerBinding, encode(ControllerBinding, binding))
}

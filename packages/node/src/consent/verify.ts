/**
 * What makes a consent the patient's own: the ledger holds the commitment to this very document and the key that
 * controls it, and the patient's enrolled identity key has signed that this controller is theirs, for this consent and
 * this file. The custodian can make neither, so it can grant itself nothing (docs/spec/consent.md, "Authenticity").
 */
import { consents } from '@salus/contracts'
import {
  CONSENT_SALT_BYTES,
  type ConsentRow,
  consentCommitment,
  controllerBindingDigest,
  equalBytes,
  equalKeys,
  fromHex,
  type PublicKey,
  SalusError,
  utf8,
  verifySignature,
} from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { PatientFile } from '../files/files.ts'
import { type Policy, parsePolicy } from './policy.ts'

/**
 * A consent as a wallet hands it over. `consentId` is lower-case hexadecimal; `document` the exact text of the FHIR
 * Consent; `binding` the identity key's signature of the controller binding.
 */
export interface SignedConsent {
  readonly consentId: string
  readonly document: string
  readonly salt: Uint8Array
  readonly controller: PublicKey
  readonly binding: Uint8Array
}

/** The file of a patient who is not erased. */
export type LivingFile = PatientFile & { readonly patient: string }

/** A consent that holds: its policy, and the key of the patient that it holds under. */
export interface VerifiedConsent {
  readonly policy: Policy
  readonly identity: PublicKey
  readonly row: ConsentRow
}

/**
 * Checks a consent for a file of the member `custodian`.
 * @throws SalusError `consent-unknown`, `consent-commitment-mismatch`, `consent-controller-mismatch`,
 *   `consent-binding-invalid`, `consent-patient-mismatch`, `consent-custodian-mismatch`, and those of `parsePolicy`
 */
export function verifyConsent(
  consent: SignedConsent,
  file: LivingFile,
  custodian: string,
  ledger: Pick<Ledger, 'get'>,
): VerifiedConsent {
  const row = consents.get(ledger, fromHex(consent.consentId))
  if (!row) throw new SalusError('consent-unknown', 'the ledger holds no such consent')
  const text = utf8(consent.document)
  const commitment = consentCommitment(consent.salt, text)
  if (consent.salt.length !== CONSENT_SALT_BYTES || !equalBytes(row.commitment, commitment)) {
    throw new SalusError('consent-commitment-mismatch', 'the document is not the one that the ledger commits to')
  }
  if (!equalKeys(row.controller, consent.controller)) {
    throw new SalusError('consent-controller-mismatch', 'the ledger names another controller of the consent')
  }
  const identity = boundIdentity(consent, file, commitment)
  const policy = parsePolicy(consent.document)
  if (policy.patient !== file.patient) {
    throw new SalusError('consent-patient-mismatch', 'the document speaks of another patient')
  }
  if (policy.custodians.length > 0 && !policy.custodians.includes(custodian)) {
    throw new SalusError('consent-custodian-mismatch', 'the document names another custodian')
  }
  return { policy, identity, row }
}

function boundIdentity(consent: SignedConsent, file: LivingFile, commitment: Uint8Array): PublicKey {
  const digest = controllerBindingDigest({
    fileId: fromHex(file.fileId),
    consentId: fromHex(consent.consentId),
    controller: consent.controller,
    commitment,
  })
  if (file.identity === null || !verifySignature(file.identity, digest, consent.binding)) {
    throw new SalusError('consent-binding-invalid', 'the enrolled key of the patient has not signed for the controller')
  }
  return file.identity
}

/**
 * Granting and revoking. A grant is prepared completely before anything is sent: the document with its commitment, the
 * transaction signed by a controller key made for this consent alone, and the binding signed by the identity key that
 * the custodian knows. The application saves the wallet, then hands the consent to the custodian.
 */

import type { Consent } from '@medplum/fhirtypes'
import { call, consent as contract, grant, revoke } from '@salus/contracts'
import {
  CONSENT_SALT_BYTES,
  consentCommitment,
  controllerBindingDigest,
  fromHex,
  type Genesis,
  randomBytes,
  signTransaction,
  toBase64url,
  toHex,
  utf8,
} from '@salus/core'
import type { SignedConsent } from '../patient-client.ts'
import type { Wallet } from '../wallet/index.ts'
import { consentEnd } from './document.ts'

/** How long a wallet's transaction may wait for its block. */
const TRANSACTION_LIFETIME_MS = 5 * 60 * 1000

/** A consent that is signed and not yet handed over; `wallet` remembers it. */
export interface PreparedConsent {
  readonly wallet: Wallet
  readonly fileId: string
  readonly consent: SignedConsent
}

/**
 * Prepares a consent for the patient's file at `custodian` (a member's id).
 * @throws SalusError `wallet-not-enrolled`, `consent-malformed`
 */
export async function prepareConsent(
  wallet: Wallet,
  custodian: string,
  document: Consent,
  genesis: Genesis,
  nowMs: number,
): Promise<PreparedConsent> {
  const { fileId } = wallet.enrolment(custodian)
  const { index, id, controller } = wallet.nextConsentKeys()
  const text = JSON.stringify(document)
  const salt = randomBytes(CONSENT_SALT_BYTES)
  const commitment = consentCommitment(salt, utf8(text))
  const binding = { fileId: fromHex(fileId), consentId: id, controller: controller.publicKey, commitment }
  const args = { consentId: id, commitment, expiresAtMs: consentEnd(document) }
  const transaction = await signTransaction(
    {
      ledgerId: genesis.ledgerId,
      signer: controller.publicKey,
      nonce: randomBytes(16),
      expiresAtMs: nowMs + TRANSACTION_LIFETIME_MS,
      commands: [call(contract, grant, args)],
    },
    controller,
  )
  const consentId = toHex(id)
  return {
    wallet: wallet.withConsent({
      id: consentId,
      index,
      custodian,
      document: text,
      salt: toBase64url(salt),
      status: 'active',
    }),
    fileId,
    consent: {
      consentId,
      document: text,
      salt,
      controller: controller.publicKey,
      binding: await wallet.identity(custodian).sign(controllerBindingDigest(binding)),
      transaction,
    },
  }
}

/**
 * The signed transaction that revokes a consent of this wallet.
 * @throws SalusError `wallet-consent-unknown`
 */
export async function prepareRevocation(
  wallet: Wallet,
  consentId: string,
  genesis: Genesis,
  nowMs: number,
): Promise<Uint8Array> {
  const { index } = wallet.consent(consentId)
  const { id, controller } = wallet.consentKeys(index)
  return signTransaction(
    {
      ledgerId: genesis.ledgerId,
      signer: controller.publicKey,
      nonce: randomBytes(16),
      expiresAtMs: nowMs + TRANSACTION_LIFETIME_MS,
      commands: [call(contract, revoke, { consentId: id })],
    },
    controller,
  )
}

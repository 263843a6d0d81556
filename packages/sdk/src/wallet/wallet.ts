/**
 * A patient's wallet: one secret, the keys derived from it, and what it remembers. Wallets do not change: each step
 * gives a new one, which the application saves before it acts on it.
 */
import {
  ed25519Signer,
  equalKeys,
  ID_BYTES,
  type PublicKey,
  randomBytes,
  SalusError,
  type Signer,
  toHex,
} from '@salus/core'
import { deriveIdentity, deriveKey, SECRET_BYTES } from './derive.ts'
import { CONSENTS_MAX, EMPTY_STATE, type Enrolment, type WalletConsent, type WalletState } from './state.ts'

/**
 * Recovery looks this many indices beyond the last one found before it stops. Wide, since the consents of one
 * custodian lie among those of all others, and cheap, since a look costs one hash.
 */
export const RECOVERY_GAP = CONSENTS_MAX

/** A consent as its custodian holds it for the patient, by which a recovered wallet finds it again. */
export interface RecoverableConsent extends Omit<WalletConsent, 'index'> {
  readonly controller: PublicKey
}

/** The keys of one consent: its id on the ledger (16 bytes) and the signer that controls it. */
export interface ConsentKeys {
  readonly index: number
  readonly id: Uint8Array
  readonly controller: Signer
}

export class Wallet {
  readonly #secret: Uint8Array
  readonly state: WalletState

  constructor(secret: Uint8Array, state: WalletState = EMPTY_STATE) {
    if (secret.length !== SECRET_BYTES) {
      throw new SalusError('wallet-malformed', 'a wallet has a secret of 32 bytes', { SECRET_BYTES })
    }
    this.#secret = secret.slice()
    this.state = state
  }

  /** The secret itself, for the recovery code and the encrypted file. A copy: wipe it after use. */
  exportSecret(): Uint8Array {
    return this.#secret.slice()
  }

  /** Signs for the patient in person at one custodian, which enrolled this key. @throws SalusError `hex-malformed` */
  identity(custodian: string): Signer {
    return ed25519Signer(deriveIdentity(this.#secret, custodian))
  }

  /** Encrypts documents that the patient keeps elsewhere: 32 bytes. */
  backupKey(): Uint8Array {
    return deriveKey(this.#secret, 'backup', 0)
  }

  /** Keys of the consent with this derivation index. */
  consentKeys(index: number): ConsentKeys {
    return {
      index,
      id: this.#consentId(index),
      controller: ed25519Signer(deriveKey(this.#secret, 'controller', index)),
    }
  }

  #consentId(index: number): Uint8Array {
    return deriveKey(this.#secret, 'consent-id', index).subarray(0, ID_BYTES)
  }

  /** Keys for a consent to come; `withConsent` marks them as used. */
  nextConsentKeys(): ConsentKeys {
    return this.consentKeys(this.state.nextIndex)
  }

  /** @throws SalusError `wallet-consent-unknown` */
  consent(id: string): WalletConsent {
    const consent = this.state.consents.find((known) => known.id === id)
    if (!consent) throw new SalusError('wallet-consent-unknown', 'this wallet has no such consent', { id })
    return consent
  }

  /** @throws SalusError `wallet-not-enrolled` */
  enrolment(custodian: string): Enrolment {
    const enrolment = this.state.enrolments.find((known) => known.custodian === custodian)
    if (!enrolment) throw new SalusError('wallet-not-enrolled', 'not enrolled at this custodian', { custodian })
    return enrolment
  }

  /** With this enrolment, in the place of an earlier one at the same custodian. */
  withEnrolment(enrolment: Enrolment): Wallet {
    const others = this.state.enrolments.filter(({ custodian }) => custodian !== enrolment.custodian)
    return new Wallet(this.#secret, { ...this.state, enrolments: [...others, enrolment] })
  }

  /** With this consent, in the place of an earlier state of the same one. */
  withConsent(consent: WalletConsent): Wallet {
    const others = this.state.consents.filter(({ id }) => id !== consent.id)
    const nextIndex = Math.max(this.state.nextIndex, consent.index + 1)
    return new Wallet(this.#secret, { ...this.state, nextIndex, consents: [...others, consent] })
  }

  /** Without this consent, which was never granted. Its derivation index stays used. */
  withoutConsent(id: string): Wallet {
    return new Wallet(this.#secret, {
      ...this.state,
      consents: this.state.consents.filter((consent) => consent.id !== id),
    })
  }

  /**
   * With those of `held` that this wallet's keys control. Indices are tried in order until a gap of
   * {@link RECOVERY_GAP} or until all are found; whatever belongs to other keys is left out.
   */
  withRecoveredConsents(held: readonly RecoverableConsent[]): Wallet {
    const wanted = new Map(held.map((consent) => [consent.id, consent]))
    let wallet: Wallet = this
    for (let index = 0, gap = 0; gap < RECOVERY_GAP && wanted.size > 0; index++, gap++) {
      const found = wanted.get(toHex(this.#consentId(index)))
      if (!found) continue
      wanted.delete(found.id)
      const { controller, ...consent } = found
      if (!equalKeys(controller, this.consentKeys(index).controller.publicKey)) continue
      wallet = wallet.withConsent({ ...consent, index })
      gap = -1
    }
    return wallet
  }
}

/** A new wallet with a random secret. */
export function createWallet(): Wallet {
  return new Wallet(randomBytes(SECRET_BYTES))
}

/**
 * Which consents can have been live at a moment, by what the wallets know: a consent begins at the earliest when its
 * grant was first sent, and ends at the latest when its revocation was acknowledged.
 */
export interface ModelConsent {
  readonly id: string
  readonly patient: string
  readonly recipient: string
  readonly sentUs: number
  isGranted: boolean
  revokedUs: number | null
  isRevoking: boolean
}

export class ConsentModel {
  readonly all: ModelConsent[] = []

  sent(id: string, patient: string, recipient: string, sentUs: number): ModelConsent {
    const consent = { id, patient, recipient, sentUs, isGranted: false, revokedUs: null, isRevoking: false }
    this.all.push(consent)
    return consent
  }

  /** Whether a release to `recipient` that was asked for at `askedUs` and came by `nowUs` can have had a consent. */
  mayRelease(patient: string, recipient: string, askedUs: number, nowUs: number): boolean {
    return this.all.some(
      (consent) =>
        consent.patient === patient &&
        consent.recipient === recipient &&
        consent.sentUs <= nowUs &&
        (consent.revokedUs === null || consent.revokedUs >= askedUs),
    )
  }

  /** Whether the recipient certainly has a live consent: granted, and nobody began to revoke it. */
  mustRelease(patient: string, recipient: string): boolean {
    return this.all.some(
      (consent) =>
        consent.patient === patient && consent.recipient === recipient && consent.isGranted && !consent.isRevoking,
    )
  }

  /** The consents of a patient that can be revoked. */
  live(patient: string): readonly ModelConsent[] {
    return this.all.filter((consent) => consent.patient === patient && consent.isGranted && consent.revokedUs === null)
  }
}

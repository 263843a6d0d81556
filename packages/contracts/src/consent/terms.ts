/** What `grant` and `replace` have in common: a new consent. */
import { bytes, HASH_BYTES, nullable, uint } from '@salus/core'
import { type Context, refuse } from '../kit.ts'
import { consents } from './tables.ts'

/** `commitment` is over the salted document; `expiresAtMs` null means until it is ended. */
export const TERMS = { commitment: bytes(HASH_BYTES), expiresAtMs: nullable(uint()) } as const

export interface Terms {
  readonly commitment: Uint8Array
  readonly expiresAtMs: number | null
}

/** The codes of {@link addConsent}. */
export const NEW_CONSENT_REFUSALS = {
  'consent-exists': 'The identifier of the new consent is taken.',
  'consent-expiry-past': 'The expiry is not after the block time.',
} as const

/** Writes a new active consent, controlled by the signer. */
export function addConsent(context: Context, id: Uint8Array, { commitment, expiresAtMs }: Terms): void {
  const { state, signer, timeMs } = context
  if (consents.get(state, id) !== undefined) refuse('consent-exists', 'the identifier of the new consent is taken')
  if (expiresAtMs !== null && expiresAtMs <= timeMs) {
    refuse('consent-expiry-past', 'the expiry is not after the block time')
  }
  const fresh = { status: 'active', grantedAtMs: timeMs, endedAtMs: null, replacedBy: null } as const
  consents.put(state, { commitment, controller: signer, expiresAtMs, ...fresh }, id)
}

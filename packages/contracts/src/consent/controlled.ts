/** What `revoke` and `replace` have in common: an active consent of the signer. */
import { type ConsentRow, equalKeys } from '@salus/core'
import { type Context, refuse } from '../kit.ts'
import { consents } from './tables.ts'

/** The codes of {@link controlledConsent}. */
export const CONTROLLED_REFUSALS = {
  'consent-unknown': 'There is no such consent.',
  'not-the-controller': 'The signer is not the key that controls the consent.',
  'consent-not-active': 'The consent was revoked or replaced.',
} as const

/**
 * The consent, when the signer controls it and has not ended it. Expiry does not matter here: a transaction that
 * revokes many consents must not fail because one of them ran out on its way.
 */
export function controlledConsent({ state, signer }: Context, id: Uint8Array): ConsentRow {
  const row = consents.get(state, id) ?? refuse('consent-unknown', 'there is no such consent')
  if (!equalKeys(row.controller, signer)) refuse('not-the-controller', 'the signer does not control the consent')
  if (row.status !== 'active') refuse('consent-not-active', 'the consent was revoked or replaced')
  return row
}

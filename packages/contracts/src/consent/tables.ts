/** The table of consent. */
import { ConsentRow } from '@salus/core'
import { table } from '../kit.ts'

export const consents = table<[consentId: Uint8Array], ConsentRow>('consent', 'consent', ConsentRow, {
  key: ['consentId'],
  doc:
    'A consent: the commitment to its document, the key that controls it, and what became of it. It is in force while ' +
    'its status is active and the block time is before its expiry. Rows are never deleted.',
})

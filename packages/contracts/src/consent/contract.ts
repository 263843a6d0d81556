/** Consent: that a patient's document exists, which key controls it, and whether it was ended. */
import type { Contract } from '../kit.ts'
import { grant } from './grant.ts'
import { replace } from './replace.ts'
import { revoke } from './revoke.ts'
import { consents } from './tables.ts'

export const consent: Contract = {
  name: 'consent',
  doc:
    'That a consent exists, which key controls it, and whether it was ended. What it says and whose it is stands in a ' +
    'document off the ledger, of which only a salted commitment is here.',
  tables: [consents],
  commands: [grant, revoke, replace],
}

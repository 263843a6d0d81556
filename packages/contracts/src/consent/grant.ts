import { ConsentId, type Infer, struct } from '@salus/core'
import type { CommandDefinition } from '../kit.ts'
import { addConsent, NEW_CONSENT_REFUSALS, TERMS } from './terms.ts'

export const GrantArgs = struct({ consentId: ConsentId, ...TERMS })
export type GrantArgs = Infer<typeof GrantArgs>

export const grant: CommandDefinition<GrantArgs> = {
  name: 'grant',
  doc:
    'The signer grants a consent and becomes its controller. Any key may sign: whose key it is stands in the ' +
    'document, off the ledger. Each consent normally has a key of its own, so that consents cannot be linked.',
  args: GrantArgs,
  refusals: { ...NEW_CONSENT_REFUSALS },
  execute: (context, { consentId, ...terms }) => addConsent(context, consentId, terms),
}

import { ConsentId, type Infer, struct } from '@salus/core'
import type { CommandDefinition } from '../kit.ts'
import { CONTROLLED_REFUSALS, controlledConsent } from './controlled.ts'
import { consents } from './tables.ts'
import { addConsent, NEW_CONSENT_REFUSALS, TERMS } from './terms.ts'

export const ReplaceArgs = struct({ consentId: ConsentId, newConsentId: ConsentId, ...TERMS })
export type ReplaceArgs = Infer<typeof ReplaceArgs>

export const replace: CommandDefinition<ReplaceArgs> = {
  name: 'replace',
  doc:
    'The controller ends a consent and grants another in its place, at once, under the same key. This links the two ' +
    'for everybody who reads the ledger, on purpose: whoever relied on the old one finds the new one. To change a ' +
    'consent without a link, revoke it and grant another under a new key.',
  args: ReplaceArgs,
  refusals: { ...CONTROLLED_REFUSALS, ...NEW_CONSENT_REFUSALS },
  execute: (context, { consentId, newConsentId, ...terms }) => {
    const row = controlledConsent(context, consentId)
    addConsent(context, newConsentId, terms)
    const ended = { status: 'replaced', endedAtMs: context.timeMs, replacedBy: newConsentId } as const
    consents.put(context.state, { ...row, ...ended }, consentId)
  },
}

import { ConsentId, type Infer, struct } from '@salus/core'
import type { CommandDefinition } from '../kit.ts'
import { CONTROLLED_REFUSALS, controlledConsent } from './controlled.ts'
import { consents } from './tables.ts'

export const RevokeArgs = struct({ consentId: ConsentId })
export type RevokeArgs = Infer<typeof RevokeArgs>

export const revoke: CommandDefinition<RevokeArgs> = {
  name: 'revoke',
  doc:
    'The controller ends a consent, for good. Nobody else can on the ledger; a custodian may stop sharing without it. ' +
    'A consent past its expiry can still be revoked, so that a transaction over many cannot fail by one running out.',
  args: RevokeArgs,
  refusals: { ...CONTROLLED_REFUSALS },
  execute: (context, { consentId }) => {
    const row = controlledConsent(context, consentId)
    consents.put(context.state, { ...row, status: 'revoked', endedAtMs: context.timeMs }, consentId)
  },
}

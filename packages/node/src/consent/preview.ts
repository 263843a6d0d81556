/**
 * What a consent that is not given yet would open: the decision as it would be made of the recipient's request, with the
 * consent added to those in force, and without those that it would replace.
 */
import { compilePolicy } from './compile.ts'
import { type Consents, decide } from './decide.ts'
import type { Permit } from './permit.ts'
import { parsePolicy } from './policy.ts'
import type { AccessRequest } from './request.ts'

/** Stands for the consent to come among those in force. */
const TO_COME = '0'.repeat(32)

/**
 * The permit that the recipient would get for `patient`, or null where it would be refused.
 * @throws SalusError as `parsePolicy` and `compilePolicy`
 */
export function previewPermit(
  request: AccessRequest,
  patient: string,
  document: string,
  replaced: readonly string[],
  consents: Consents,
): Permit | null {
  const policy = compilePolicy(parsePolicy(document))
  const decision = decide(
    request,
    [patient],
    {
      live: (of, timeMs) => {
        const others = consents.live(of, timeMs).filter(({ id }) => !replaced.includes(id))
        return of === patient ? [...others, { id: TO_COME, policy }] : others
      },
      permitting: (requester, practitioner) => consents.permitting(requester, practitioner),
      denying: (requester, practitioner) => consents.denying(requester, practitioner),
    },
    { memberActive: true, lagMs: 0 },
  )
  return decision.decision === 'permit' ? decision.permit : null
}

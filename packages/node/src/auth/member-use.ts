/**
 * What a member says of the use it makes of a token, for whom and why: the `hl7-b2b` authorization extension object
 * (HL7 UDAP Security for Scalable Registration, Authentication, and Authorization, section 5.2.1.1; IHE IUA), with
 * the reason of emergency access beside it. The member signs it in its assertion, and the token repeats it, so that
 * headers of a later request cannot change it. A token is for one purpose, because one is decided on.
 */
import { SalusError } from '@salus/core'
import { z } from 'zod'
import type { Code } from '../consent/filter.ts'
import { readPurpose } from '../gate/purpose.ts'
import { EMERGENCY_REASON_MAX } from '../limits.ts'

/** `practitioner` is `Practitioner/…`, or null for a system; `emergency` is there exactly when the purpose is BTG. */
export interface MemberUse {
  readonly practitioner: string | null
  readonly purpose: Required<Code>
  readonly emergency: string | null
}

/** A reference to a Practitioner, as tokens carry it. */
export const PractitionerReference = z.string().regex(/^Practitioner\/[A-Za-z0-9.-]{1,64}$/)

const HL7_B2B_VERSION = '1'

export const MemberUseClaims = z.object({
  extensions: z.object({
    'hl7-b2b': z.object({
      version: z.literal(HL7_B2B_VERSION),
      subject_id: PractitionerReference.optional(),
      organization_id: z.string().max(64),
      purpose_of_use: z.array(z.string().max(256)).length(1),
    }),
  }),
  salus_emergency_reason: z.string().max(EMERGENCY_REASON_MAX).optional(),
})
export type MemberUseClaims = z.infer<typeof MemberUseClaims>

/** The claims that say `use` on behalf of the member. */
export function writeMemberUse(memberId: string, use: MemberUse): MemberUseClaims {
  const { practitioner, purpose, emergency } = use
  return {
    extensions: {
      'hl7-b2b': {
        version: HL7_B2B_VERSION,
        ...(practitioner === null ? {} : { subject_id: practitioner }),
        organization_id: `Organization/${memberId}`,
        purpose_of_use: [`${purpose.system}|${purpose.code}`],
      },
    },
    ...(emergency === null ? {} : { salus_emergency_reason: emergency }),
  }
}

/**
 * Reads the claims that the member signed.
 * @throws SalusError `assertion-use-malformed`, `purpose-malformed`, `emergency-reason-required`,
 *   `emergency-reason-malformed`
 */
export function readMemberUse(memberId: string, claims: unknown): MemberUse {
  const parsed = MemberUseClaims.safeParse(claims)
  if (!parsed.success) throw new SalusError('assertion-use-malformed', 'extensions.hl7-b2b is missing or malformed')
  const { 'hl7-b2b': b2b } = parsed.data.extensions
  if (b2b.organization_id !== `Organization/${memberId}`) {
    throw new SalusError('assertion-use-malformed', 'organization_id is not the member that signs')
  }
  const purpose = readPurpose(b2b.purpose_of_use[0], parsed.data.salus_emergency_reason)
  // A header may leave it to the reason to say that treatment is an emergency; a signed statement says so itself.
  if (purpose.emergency !== null && !b2b.purpose_of_use[0]?.endsWith(purpose.code.code)) {
    throw new SalusError('purpose-malformed', 'an emergency reason needs the purpose BTG')
  }
  return { practitioner: b2b.subject_id ?? null, purpose: purpose.code, emergency: purpose.emergency }
}

/**
 * `/access-requests`: a member's clinician asks a patient elsewhere for access. At one's own node, with `custodian`, the
 * question is passed on to that member, signed as every exchange is; at the custodian's it is put before the patient.
 */
import { SalusError } from '@salus/core'
import { z } from 'zod'
import { type Operation, operationsOf } from '../api/operation.ts'
import type { MemberTokenClient } from '../auth/client.ts'
import type { Members } from '../auth/members.ts'
import type { Principal } from '../auth/principal.ts'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import { EXCHANGE_TIMEOUT_MS } from '../limits.ts'
import type { AccessRequests } from './access-requests.ts'

export interface AskParts {
  readonly members: Members
  readonly tokens: MemberTokenClient
  readonly requests: AccessRequests
  /** The Patient ids here that any of some identifiers names, `value` or `system|value`. */
  readonly identify: (identifiers: readonly string[]) => Promise<readonly string[]>
  readonly now: () => number
}

/** Most identifiers by which one patient is named. */
const IDENTIFIERS_MAX = 8

const operation = operationsOf<AskParts, Principal>()

const about = {
  practitionerName: z.string().min(1).max(128),
  types: z.array(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/)).max(64),
  message: z.string().max(1000),
}
/** Of a patient whose id at the custodian is known, or who has one of some identifiers. */
const Question = z.union([
  z.strictObject({ ...about, patient: z.string().regex(/^Patient\/[A-Za-z0-9\-.]{1,64}$/) }),
  z.strictObject({ ...about, identifiers: z.array(z.string().min(1).max(256)).min(1).max(IDENTIFIERS_MAX) }),
])
type Question = z.infer<typeof Question>

const ask = operation({
  method: 'POST',
  path: '/:custodian',
  summary: 'Asks a patient of another member for access; whether there is such a patient is not told',
  params: z.object({ custodian: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/) }),
  body: Question,
  handle: async (parts, { caller, params, body }) => {
    if (caller.kind !== 'practitioner') throw new SalusError('access-refused', 'only clinicians ask for access')
    const member = parts.members.byHandle(params.custodian)
    if (member?.status !== 'active') throw new SalusError('member-unknown', 'no active member has this name')
    await passOn(parts, caller, member.id, member.url, body)
    return { status: 'sent' }
  },
})

const receive = operation({
  method: 'POST',
  path: '',
  summary: 'Takes another member’s question to a patient here',
  body: Question,
  handle: async (parts, { caller, body }) => {
    if (caller.kind !== 'member') throw new SalusError('access-refused', 'other members ask here')
    const { member: requester, practitioner } = caller
    const { practitionerName, types, message } = body
    const patients =
      'patient' in body ? [body.patient.slice('Patient/'.length)] : await parts.identify(body.identifiers)
    // A number that names two patients names nobody for certain.
    const [patient] = patients.length === 1 ? patients : []
    if (patient !== undefined) {
      const request = { patient, practitionerName, types, message, requester, practitioner, purpose: 'TREAT' }
      await parts.requests.add(request, parts.now())
    }
    return { status: 'accepted' }
  },
})

async function passOn(
  { tokens }: AskParts,
  { practitioner }: Principal,
  memberId: string,
  url: string,
  question: Question,
): Promise<void> {
  const purpose = { system: PURPOSE_SYSTEM, code: 'TREAT' }
  const token = await tokens.tokenFor(memberId, { practitioner, purpose, emergency: null })
  let response: Response
  try {
    response = await fetch(`${url}/access-requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.timeout(EXCHANGE_TIMEOUT_MS),
    })
    await response.body?.cancel()
  } catch (cause) {
    throw new SalusError('exchange-unreachable', 'the other member does not answer', {}, cause)
  }
  if (!response.ok) throw new SalusError('exchange-answer', 'the other member does not take the question')
}

export const ASK_OPERATIONS: readonly Operation<AskParts, Principal>[] = [ask, receive]

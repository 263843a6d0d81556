/**
 * `/join`: where an invited patient's wallet enrols its identity key. The request carries the invitation's secret and is
 * signed by the key (docs/spec/patient-request.md), which proves that the wallet has it. Attempts are limited per
 * network address; an invitation has 256 random bits.
 */
import rateLimit from '@fastify/rate-limit'
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { PatientSignatures } from '../auth/patient-signature.ts'
import { JOINS_PER_MINUTE_MAX } from '../limits.ts'
import type { Invitations } from './invitations.ts'
import { SECRET } from './secrets.ts'

export interface JoinParts {
  readonly invitations: Invitations
  readonly custodian: string
  readonly now: () => number
}

const ADDRESSES_MAX = 10_000
const Body = z.strictObject({ code: z.string().regex(SECRET) })

export async function joinRoutes(app: FastifyInstance, { invitations, custodian, now }: JoinParts): Promise<void> {
  await app.register(rateLimit, { max: JOINS_PER_MINUTE_MAX, timeWindow: 60_000, cache: ADDRESSES_MAX })
  const signatures = new PatientSignatures(custodian, now, () => true)
  signatures.keepBodies(app)
  app.post('/join/check', async (request) => ({ open: await invitations.isOpen(codeOf(request)) }))
  app.post('/join', async (request) => {
    const { key } = signatures.authenticate(request)
    const { fileId, patient } = await invitations.accept(codeOf(request), key)
    return { custodian, fileId, patient: `Patient/${patient}` }
  })
}

function codeOf(request: FastifyRequest): string {
  const parsed = Body.safeParse(request.body)
  if (parsed.success) return parsed.data.code
  throw new SalusError('request-malformed', 'the body of the request is malformed')
}

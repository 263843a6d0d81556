/**
 * `/session`: how staff sign in to the portal, and what they may do about their sessions. Signing in is limited per
 * network address; what it answers says nothing about whether a user exists.
 */
import rateLimit from '@fastify/rate-limit'
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { writeScopes } from '../auth/scopes.ts'
import { SIGN_INS_PER_MINUTE_MAX } from '../limits.ts'
import { SECRET } from './secrets.ts'
import type { Session, Sessions } from './sessions.ts'

export interface SessionRouteParts {
  readonly sessions: Sessions
}

const ADDRESSES_MAX = 10_000
const LinkBody = z.strictObject({ code: z.string().regex(SECRET) })

/** Adds the routes; `moreSignIns` adds other ways to sign in, under the same limit. */
export async function sessionRoutes(
  app: FastifyInstance,
  parts: SessionRouteParts,
  moreSignIns: (scope: FastifyInstance) => void,
): Promise<void> {
  const { sessions } = parts
  await app.register(async (scope) => {
    await signInRoutes(scope, parts)
    moreSignIns(scope)
  })
  app.get('/session', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const session = await sessions.ofCookie(request)
    return { session: session === undefined ? null : described(sessions, session) }
  })
  app.get('/sessions', async (request) => {
    const own = await sessions.require(request)
    const all = await sessions.ofUser(own.user)
    return {
      sessions: all.map(({ id, device, madeAtMs, seenAtMs }) => ({
        id,
        device,
        madeAtMs,
        seenAtMs,
        isThis: id === own.id,
      })),
    }
  })
  app.delete('/sessions/:id', async (request) => {
    const own = await sessions.require(request)
    await sessions.end(own.user, (request.params as { id: string }).id)
    return {}
  })
  app.delete('/sessions', async (request, reply) => signOut(sessions, request, reply, null))
  app.delete('/session', async (request, reply) => signOut(sessions, request, reply, 'this'))
}

async function signInRoutes(app: FastifyInstance, { sessions }: SessionRouteParts): Promise<void> {
  await app.register(rateLimit, { max: SIGN_INS_PER_MINUTE_MAX, timeWindow: 60_000, cache: ADDRESSES_MAX })
  app.post('/session/link', async (request, reply) => {
    const parsed = LinkBody.safeParse(request.body)
    if (!parsed.success) throw new SalusError('request-malformed', 'the body of the request is malformed')
    const user = await sessions.useLink(parsed.data.code)
    return { session: described(sessions, await sessions.begin(user, request, reply)) }
  })
}

async function signOut(
  sessions: Sessions,
  request: FastifyRequest,
  reply: FastifyReply,
  which: 'this' | null,
): Promise<object> {
  const { user, id } = await sessions.require(request)
  await sessions.end(user, which === null ? null : id)
  sessions.clearCookie(reply)
  return {}
}

/** What the page learns of its session. */
export function described(sessions: Sessions, session: Session): object {
  const { kind, practitioner, scopes } = sessions.principal(session)
  return {
    csrf: session.csrf,
    name: session.user.name,
    kind,
    practitioner,
    scopes: writeScopes(scopes),
    provedAtMs: session.provedAtMs,
  }
}

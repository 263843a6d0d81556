/**
 * `WWW-Authenticate` for requests that failed to authenticate (RFC 6750 section 3, RFC 9110 section 11.6.1). Every door
 * of the node answers in its own format; the challenge is the same for all, so a hook adds it to their replies.
 */
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'

const REALM = 'realm="salus"'
const challenges = new WeakMap<FastifyRequest, string>()

/** The value of `WWW-Authenticate` for an error of authentication. */
function challengeOf({ code }: SalusError): string {
  if (code.startsWith('patient-signature-')) return `Salus-Patient ${REALM}`
  if (code === 'token-missing') return `Bearer ${REALM}`
  return `Bearer ${REALM}, error="invalid_token", error_description="${code}"`
}

/** Runs the authentication of `request`; when it is refused, a reply with status 401 will say how to do better. */
export async function challenged<T>(request: FastifyRequest, authenticate: () => Promise<T>): Promise<T> {
  try {
    return await authenticate()
  } catch (error) {
    if (error instanceof SalusError) challenges.set(request, challengeOf(error))
    throw error
  }
}

/** Adds the challenge to every reply with status 401 of `app`. */
export function addChallenges(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    const challenge = challenges.get(request)
    if (challenge !== undefined && reply.statusCode === 401) reply.header('www-authenticate', challenge)
  })
}

/** Passkeys of staff: signing in by one, proving anew who one is, adding and removing one's own. */
import { SalusError } from '@salus/core'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Passkeys } from './passkeys.ts'
import { described, type SessionRouteParts } from './session-routes.ts'

export interface PasskeyRouteParts extends SessionRouteParts {
  readonly passkeys: Passkeys
}

const Text = z.string().max(8192)
const Credential = { id: Text, rawId: Text, type: z.literal('public-key'), clientExtensionResults: z.looseObject({}) }
const Assertion = z.looseObject({
  ...Credential,
  response: z.looseObject({
    clientDataJSON: Text,
    authenticatorData: Text,
    signature: Text,
    userHandle: Text.optional(),
  }),
})
const Attestation = z.looseObject({
  ...Credential,
  response: z.looseObject({ clientDataJSON: Text, attestationObject: z.string().max(64 * 1024) }),
})
const SignIn = z.strictObject({ response: Assertion })
const Add = z.strictObject({ response: Attestation, label: z.string().min(1).max(64) })

/** What anybody may ask who is not signed in yet; the scope limits how often. */
export function passkeySignIn(app: FastifyInstance, { sessions, passkeys }: PasskeyRouteParts): void {
  app.post('/session/passkey/options', async () => passkeys.requestOptions())
  app.post('/session/passkey', async (request, reply) => {
    const user = await passkeys.verify(bodyOf(SignIn, request).response as unknown as AuthenticationResponseJSON)
    return { session: described(sessions, await sessions.begin(user, request, reply)) }
  })
}

/** What somebody may do who is signed in. */
export function ownPasskeys(app: FastifyInstance, { sessions, passkeys }: PasskeyRouteParts): void {
  app.post('/session/proof', async (request) => {
    const session = await sessions.require(request)
    const user = await passkeys.verify(bodyOf(SignIn, request).response as unknown as AuthenticationResponseJSON)
    if (user.id !== session.user.id) throw new SalusError('passkey-refused', 'this passkey is somebody else’s')
    await sessions.proved(session)
    return {}
  })
  app.get('/passkeys', async (request) => {
    const { user } = await sessions.require(request)
    return { passkeys: await passkeys.ofUser(user) }
  })
  app.post('/passkeys/options', async (request) => {
    const session = await sessions.require(request)
    sessions.requireRecentProof(session)
    return passkeys.creationOptions(session.user)
  })
  app.post('/passkeys', async (request) => {
    const { user } = await sessions.require(request)
    const { response, label } = bodyOf(Add, request)
    await passkeys.add(user, response as unknown as RegistrationResponseJSON, label)
    return {}
  })
  app.delete('/passkeys/:id', async (request) => {
    const session = await sessions.require(request)
    sessions.requireRecentProof(session)
    await passkeys.remove(session.user, (request.params as { id: string }).id)
    return {}
  })
}

function bodyOf<T>(schema: z.ZodType<T>, { body }: FastifyRequest): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new SalusError('request-malformed', 'the body of the request is malformed')
}

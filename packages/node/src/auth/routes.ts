/** The routes of the authorization server: metadata, token, keys, introspection (RFC 7662), revocation (RFC 7009). */
import rateLimit from '@fastify/rate-limit'
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { allowOrigins } from '../cors.ts'
import { OAUTH_REQUEST_BYTES_MAX } from '../limits.ts'
import { logFailure } from '../log-failure.ts'
import type { AccessTokens, VerifiedToken } from './access-tokens.ts'
import type { ClientAssertions } from './client-assertion.ts'
import type { Endpoints } from './endpoints.ts'
import { serverMetadata, smartConfiguration } from './metadata.ts'
import { oauthErrorReply } from './oauth-error.ts'
import type { Principal } from './principal.ts'
import { isAdministrator } from './scopes.ts'
import { authenticateClient, type Form, grantToken } from './token-endpoint.ts'

export interface OAuthParts {
  readonly endpoints: Endpoints
  readonly tokens: AccessTokens
  readonly assertions: ClientAssertions
  readonly authenticate: (request: FastifyRequest) => Promise<Principal>
  readonly requestsPerMinuteMax: number
}

/** Network addresses whose requests are counted; the least recent are forgotten. */
const ADDRESSES_MAX = 10_000

/** Adds the routes; error format, form parser and rate limit stay within them. */
export async function oauthRoutes(app: FastifyInstance, parts: OAuthParts): Promise<void> {
  const { endpoints, tokens } = parts
  const paths = [
    '/.well-known/smart-configuration',
    '/fhir/.well-known/smart-configuration',
    '/.well-known/oauth-authorization-server',
    '/oauth/*',
  ]
  allowOrigins(app, paths, ['GET', 'HEAD', 'POST'])
  // SMART looks below the FHIR base, operators below the member's URL.
  for (const base of ['', '/fhir']) {
    app.get(`${base}/.well-known/smart-configuration`, async () => smartConfiguration(endpoints))
  }
  app.get('/.well-known/oauth-authorization-server', async () => serverMetadata(endpoints))
  app.get('/oauth/jwks', async () => tokens.jwks)
  await app.register((scope) => formRoutes(scope, parts))
}

async function formRoutes(app: FastifyInstance, parts: OAuthParts): Promise<void> {
  const { tokens, assertions } = parts
  await app.register(rateLimit, { max: parts.requestsPerMinuteMax, timeWindow: 60_000, cache: ADDRESSES_MAX })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: OAUTH_REQUEST_BYTES_MAX },
    async (_request: FastifyRequest, body: string) => parseForm(body),
  )
  app.setErrorHandler(replyError)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  })
  app.post('/oauth/token', async (request) => grantToken(formOf(request), assertions, tokens))
  app.post('/oauth/introspect', async (request) => {
    requireAdministrator(await parts.authenticate(request))
    const verified = await verifyOrNull(tokens, tokenOf(request))
    return verified === null ? { active: false } : introspection(parts.endpoints, verified)
  })
  app.post('/oauth/revoke', async (request) => {
    const owns = await revoker(request, parts)
    const verified = await verifyOrNull(tokens, tokenOf(request))
    if (verified !== null) {
      if (!owns(verified)) throw new SalusError('client-not-owner', 'the token belongs to another client')
      await tokens.revoke(verified)
    }
    return {}
  })
}

/** Which tokens the caller may revoke: a client its own, an administrator all of this member's. */
async function revoker(request: FastifyRequest, parts: OAuthParts): Promise<(token: VerifiedToken) => boolean> {
  if (request.headers.authorization !== undefined) {
    requireAdministrator(await parts.authenticate(request))
    return () => true
  }
  const { id } = await authenticateClient(formOf(request), parts.assertions)
  return ({ claims }) => claims.client_id === id
}

function introspection(endpoints: Endpoints, { claims }: VerifiedToken): Record<string, unknown> {
  return { active: true, token_type: 'Bearer', iss: endpoints.issuer, aud: endpoints.fhir, ...claims }
}

/** A token that is not good is not active, for whatever reason (RFC 7662 section 2.2). */
async function verifyOrNull(tokens: AccessTokens, token: string): Promise<VerifiedToken | null> {
  try {
    return await tokens.verify(token)
  } catch (error) {
    if (error instanceof SalusError && error.code.startsWith('token-')) return null
    throw error
  }
}

function requireAdministrator(principal: Principal): void {
  if (isAdministrator(principal)) return
  throw new SalusError('not-an-operator', 'this is for operators with the scope system/*.cruds')
}

function parseForm(body: string): Form {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body)) {
    if (form.has(name)) throw new SalusError('oauth-request-malformed', 'a parameter comes twice')
    form.set(name, value)
  }
  return form
}

function formOf(request: FastifyRequest): Form {
  if (request.body instanceof Map) return request.body
  throw new SalusError('oauth-request-malformed', 'the request has no form')
}

function tokenOf(request: FastifyRequest): string {
  const token = formOf(request).get('token')
  if (token === undefined) throw new SalusError('oauth-request-malformed', 'token is missing')
  return token
}

function replyError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body } = oauthErrorReply(error)
  if (status === 500) logFailure(request, error, 'the authorization server failed')
  return reply.code(status).send(body)
}

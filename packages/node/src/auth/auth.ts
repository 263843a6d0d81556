/** Authentication of a node, put together: its authorization server, and who sent a request. */

import type { PublicKey } from '@salus/core'
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import type { Database } from '../db/database.ts'
import { ISSUED_TOKEN_LIFETIME_S_MAX, OAUTH_REQUESTS_PER_MINUTE_MAX } from '../limits.ts'
import { AccessTokens } from './access-tokens.ts'
import { addChallenges, challenged } from './challenge.ts'
import { ClientAssertions } from './client-assertion.ts'
import { ClientStore, ownScopes } from './clients.ts'
import { endpointsOf } from './endpoints.ts'
import { PractitionerReference } from './member-use.ts'
import type { Members } from './members.ts'
import { PatientSignatures } from './patient-signature.ts'
import type { Principal } from './principal.ts'
import { oauthRoutes } from './routes.ts'

export interface AuthParts {
  /** This member's URL, as the ledger has it: issuer of the tokens, and base of their audience. */
  readonly url: string
  /** Signs access tokens: a private Ed25519 JSON Web Key. */
  readonly signingKey: JWK
  readonly members: Members
  /** Holds `AUTH_TABLES`. */
  readonly database: Database
  /** Whether a patient has enrolled this key here; nobody has where it is left out. */
  readonly isEnrolled?: (key: PublicKey) => boolean
  readonly now?: () => number
  readonly requestsPerMinuteMax?: number
}

/** A token that an administrator hands to one of the member's own users or systems. */
export interface TokenOrder {
  readonly kind: 'operator' | 'practitioner'
  /** `Practitioner/…`; required for a practitioner. */
  readonly practitioner: string | null
  readonly scopes: string
  readonly lifetimeS: number
}

export interface Auth {
  /** Adds the authorization server's routes and the challenges of 401 replies. Call it before other routes. */
  install(app: FastifyInstance): Promise<void>
  /** Who sent the request, by its access token. @throws SalusError `token-*` */
  authenticate(request: FastifyRequest): Promise<Principal>
  /** The patient's key that signed the request. @throws SalusError `patient-signature-*`, `too-many-requests` */
  authenticatePatient(request: FastifyRequest): Promise<{ readonly key: PublicKey }>
  /** Keeps the bytes of JSON bodies in a scope whose requests patients sign. */
  keepPatientBodies(scope: FastifyInstance): void
  /** @throws SalusError `access-order-malformed`, `client-scope-context`, `scope-*` */
  issueToken(order: TokenOrder): Promise<string>
  readonly clients: ClientStore
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i

/** @throws SalusError `signing-key-malformed` */
export async function openAuth(parts: AuthParts): Promise<Auth> {
  const { members, database, now = Date.now } = parts
  const endpoints = endpointsOf(parts.url)
  const clients = new ClientStore(database)
  const assertions = new ClientAssertions({ endpoints, clients, members, database, now })
  const tokens = await AccessTokens.open({ endpoints, members, database, now }, parts.signingKey)
  const patients = new PatientSignatures(members.own, now, parts.isEnrolled ?? (() => false))
  const authenticate = (request: FastifyRequest): Promise<Principal> =>
    challenged(request, async () => (await tokens.verify(bearerToken(request))).principal)
  return {
    install: async (app) => {
      addChallenges(app)
      const requestsPerMinuteMax = parts.requestsPerMinuteMax ?? OAUTH_REQUESTS_PER_MINUTE_MAX
      await app.register((scope) =>
        oauthRoutes(scope, { endpoints, tokens, assertions, authenticate, requestsPerMinuteMax }),
      )
    },
    authenticate,
    authenticatePatient: (request) => challenged(request, async () => patients.authenticate(request)),
    keepPatientBodies: (scope) => patients.keepBodies(scope),
    issueToken: async ({ kind, practitioner, scopes, lifetimeS }) => {
      checkOrder(kind, practitioner, lifetimeS)
      return tokens.issue({ kind, practitioner, clientId: members.own, scopes: ownScopes(kind, scopes) }, lifetimeS)
    },
    clients,
  }
}

function bearerToken(request: FastifyRequest): string {
  const { authorization } = request.headers
  if (authorization === undefined) throw new SalusError('token-missing', 'the request has no access token')
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) throw new SalusError('token-malformed', 'the authorization is not a bearer token')
  return token
}

function checkOrder(kind: TokenOrder['kind'], practitioner: string | null, lifetimeS: number): void {
  const isNamed = practitioner === null ? kind === 'operator' : PractitionerReference.safeParse(practitioner).success
  const isTimely = Number.isSafeInteger(lifetimeS) && lifetimeS > 0 && lifetimeS <= ISSUED_TOKEN_LIFETIME_S_MAX
  if (isNamed && isTimely) return
  throw new SalusError('access-order-malformed', 'a practitioner must be named, and the lifetime be in bounds', {
    ISSUED_TOKEN_LIFETIME_S_MAX,
  })
}

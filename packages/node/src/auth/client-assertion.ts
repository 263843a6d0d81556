/**
 * Client authentication by `private_key_jwt` (RFC 7523 section 3; `client-confidential-asymmetric` of SMART).
 *
 * Two kinds of clients sign assertions: those registered at this node, and the nodes of other members, whose id is
 * their client id and whose key is the one the ledger has at that moment. The audience is one string, our token
 * endpoint or our issuer, never a list, so that an assertion serves at one server alone. Each is good once: its `jti`
 * is remembered, durably, until it expires.
 */
import { hash } from 'node:crypto'
import { SalusError, toBase64url } from '@salus/core'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import type { Database } from '../db/database.ts'
import {
  ASSERTION_BYTES_MAX,
  ASSERTION_LIFETIME_S_MAX,
  ASSERTIONS_PER_CLIENT_MAX,
  CLOCK_SKEW_S_MAX,
} from '../limits.ts'
import { ASSERTION_ALGORITHMS, type ClientStore, type RegisteredClient } from './clients.ts'
import type { Endpoints } from './endpoints.ts'
import type { Member, Members } from './members.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const JTI_MAX = 256
const CLIENT_ID_MAX = 64

/** Who signed an assertion; a member also signed what it will use the token for, in `claims`. */
export type AssertedClient =
  | { readonly kind: 'registered'; readonly id: string; readonly client: RegisteredClient }
  | { readonly kind: 'member'; readonly id: string; readonly member: Member; readonly claims: JWTPayload }

export interface AssertionParts {
  readonly endpoints: Endpoints
  readonly clients: ClientStore
  readonly members: Members
  readonly database: Database
  readonly now: () => number
}

/** The JSON Web Key of an Ed25519 public key (32 bytes); its `kid` is the thumbprint of RFC 7638. */
export async function ed25519Jwk(publicKey: Uint8Array): Promise<JWK & { readonly kid: string }> {
  const key = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) }
  return { ...key, kid: await calculateJwkThumbprint(key) }
}

export class ClientAssertions {
  readonly #parts: AssertionParts

  constructor(parts: AssertionParts) {
    this.#parts = parts
  }

  /**
   * Checks an assertion and uses it up.
   * @throws SalusError `assertion-malformed`, `client-unknown`, `member-suspended`, `assertion-algorithm`,
   *   `assertion-key-unknown`, `assertion-signature-invalid`, `assertion-expired`, `assertion-audience`,
   *   `assertion-lifetime`, `assertion-replayed`, `assertions-too-many`
   */
  async authenticate(assertion: string): Promise<AssertedClient> {
    const { client, keys } = await this.#signer(claimedIssuer(assertion))
    const payload = await this.#verify(assertion, client.id, keys)
    const { aud, exp, jti } = payload
    const { issuer, token } = this.#parts.endpoints
    if (aud !== token && aud !== issuer) throw refused('assertion-audience', 'its audience is not this token endpoint')
    if (typeof jti !== 'string' || jti === '' || jti.length > JTI_MAX || exp === undefined) {
      throw refused('assertion-malformed', 'its jti is missing or too long')
    }
    const nowS = Math.floor(this.#parts.now() / 1000)
    if (exp > nowS + ASSERTION_LIFETIME_S_MAX + CLOCK_SKEW_S_MAX) {
      throw refused('assertion-lifetime', 'it expires too far ahead', { ASSERTION_LIFETIME_S_MAX })
    }
    await this.#useUp(client.id, jti, Math.ceil(exp) + CLOCK_SKEW_S_MAX, nowS)
    return client.kind === 'member' ? { ...client, claims: payload } : client
  }

  async #signer(id: string): Promise<{ client: AssertedClient; keys: readonly JWK[] }> {
    const member = id === this.#parts.members.own ? undefined : this.#parts.members.byId(id)
    if (member) {
      if (member.status !== 'active') throw new SalusError('member-suspended', 'the member is suspended')
      return { client: { kind: 'member', id, member, claims: {} }, keys: [await ed25519Jwk(member.signingKey)] }
    }
    const client = await this.#parts.clients.find(id)
    if (!client) throw new SalusError('client-unknown', 'the client is not registered here, nor a member')
    return { client: { kind: 'registered', id, client }, keys: client.jwks.keys }
  }

  async #verify(assertion: string, id: string, keys: readonly JWK[]): Promise<JWTPayload> {
    try {
      const select = createLocalJWKSet({ keys: [...keys] })
      const selectByKid: JWTVerifyGetKey = (header, token) => {
        // SMART requires `kid`; without it a key would be chosen by its type alone.
        if (typeof header.kid !== 'string') throw refused('assertion-key-unknown', 'it names no kid')
        return select(header, token)
      }
      const { payload } = await jwtVerify(assertion, selectByKid, {
        algorithms: [...ASSERTION_ALGORITHMS],
        issuer: id,
        subject: id,
        requiredClaims: ['exp', 'jti', 'aud'],
        clockTolerance: CLOCK_SKEW_S_MAX,
        currentDate: new Date(this.#parts.now()),
      })
      return payload
    } catch (cause) {
      throw explain(cause)
    }
  }

  /** Remembers the assertion, or refuses it when it is remembered already. */
  async #useUp(clientId: string, jti: string, expiresAtS: number, nowS: number): Promise<void> {
    const jtiHash = hash('sha256', jti, 'base64url')
    const outcome = await this.#parts.database.write(async (transaction) => {
      await transaction.run('DELETE FROM oauth_assertion WHERE expires_at_s < ?', [nowS])
      const known = await transaction.get<{ count: number | bigint }>(
        'SELECT COUNT(*) AS count FROM oauth_assertion WHERE client_id = ?',
        [clientId],
      )
      if (Number(known?.count) >= ASSERTIONS_PER_CLIENT_MAX) return 'too-many'
      const added = await transaction.run(
        'INSERT INTO oauth_assertion (client_id, jti_hash, expires_at_s) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        [clientId, jtiHash, expiresAtS],
      )
      return added === 1 ? 'added' : 'replayed'
    })
    if (outcome === 'replayed') throw refused('assertion-replayed', 'it was used before')
    if (outcome === 'too-many') {
      throw new SalusError('assertions-too-many', 'the client sends too many assertions', { ASSERTIONS_PER_CLIENT_MAX })
    }
  }
}

/** The client that the assertion says it comes from, before anything is verified. */
function claimedIssuer(assertion: string): string {
  if (assertion.length > ASSERTION_BYTES_MAX) {
    throw refused('assertion-malformed', 'it is too long', { ASSERTION_BYTES_MAX })
  }
  let iss: unknown
  try {
    iss = decodeJwt(assertion).iss
  } catch (cause) {
    throw explain(cause)
  }
  if (typeof iss !== 'string' || iss === '' || iss.length > CLIENT_ID_MAX) {
    throw refused('assertion-malformed', 'its issuer is not a client id')
  }
  return iss
}

function explain(cause: unknown): SalusError {
  if (cause instanceof SalusError) return cause
  if (cause instanceof errors.JWTExpired) return refused('assertion-expired', 'it has expired')
  if (cause instanceof errors.JOSEAlgNotAllowed) return refused('assertion-algorithm', 'its algorithm is not accepted')
  if (cause instanceof errors.JWKSNoMatchingKey) return refused('assertion-key-unknown', 'its key is not the client’s')
  if (cause instanceof errors.JWSSignatureVerificationFailed) {
    return refused('assertion-signature-invalid', 'its signature does not hold')
  }
  return new SalusError('assertion-malformed', 'the client assertion is not acceptable', {}, cause)
}

function refused(code: string, why: string, details: Readonly<Record<string, unknown>> = {}): SalusError {
  return new SalusError(code, `the client assertion is not acceptable: ${why}`, details)
}

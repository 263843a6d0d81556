/**
 * This member's access tokens: JWTs of the profile of RFC 9068, signed with Ed25519, for its own FHIR base alone.
 *
 * A signature costs about 100 µs to check, so a token that was checked is remembered by its hash. What can change
 * while it lives counts at every use: its end, its revocation, and, when another member holds it, that this member is
 * active and still has the key under which the token was asked for.
 */
import { hash, randomUUID } from 'node:crypto'
import { equalBytes, fromBase64url, SalusError, toBase64url } from '@salus/core'
import { calculateJwkThumbprint, errors, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { TOKEN_BYTES_MAX, VERIFIED_TOKENS_MAX } from '../limits.ts'
import type { Endpoints } from './endpoints.ts'
import { LruMap } from './lru-map.ts'
import { type MemberUse, MemberUseClaims, PractitionerReference, readMemberUse, writeMemberUse } from './member-use.ts'
import type { Member, Members } from './members.ts'
import type { Principal, Scope } from './principal.ts'
import { parseScopes, writeScopes } from './scopes.ts'

const ALGORITHM = 'EdDSA'
const TYPE = 'at+jwt'

const Claims = z.object({
  client_id: z.string().max(64),
  scope: z.string(),
  sub: z.string(),
  jti: z.string().max(64),
  iat: z.int(),
  exp: z.int(),
})
const OwnClaims = Claims.extend({
  salus_kind: z.enum(['operator', 'practitioner']),
  fhirUser: PractitionerReference.optional(),
})
const MemberClaims = Claims.extend(MemberUseClaims.shape).extend({
  salus_kind: z.literal('member'),
  salus_member_key: z.string().length(43),
})
const TokenClaims = z.discriminatedUnion('salus_kind', [OwnClaims, MemberClaims])
type TokenClaims = z.infer<typeof TokenClaims>

/** Whom a token is for. */
export type TokenSubject =
  | {
      readonly kind: 'operator' | 'practitioner'
      readonly clientId: string
      readonly practitioner: string | null
      readonly scopes: readonly Scope[]
    }
  | {
      readonly kind: 'member'
      readonly member: Member
      readonly use: MemberUse
      readonly scopes: readonly Scope[]
    }

export interface VerifiedToken {
  readonly principal: Principal
  readonly claims: TokenClaims
  /** The signing key under which a member asked for the token; null for this member's own users. */
  readonly memberKey: Uint8Array | null
}

export interface AccessTokenParts {
  readonly endpoints: Endpoints
  readonly members: Members
  readonly database: Database
  readonly now: () => number
}

type ImportedKey = Awaited<ReturnType<typeof importJWK>>

export class AccessTokens {
  readonly #parts: AccessTokenParts
  readonly #publicJwk: JWK & { readonly kid: string }
  readonly #signingKey: ImportedKey
  readonly #verifyingKey: ImportedKey
  readonly #verified = new LruMap<VerifiedToken>(VERIFIED_TOKENS_MAX)
  #revocations = 0

  private constructor(
    parts: AccessTokenParts,
    publicJwk: JWK & { readonly kid: string },
    signingKey: ImportedKey,
    verifyingKey: ImportedKey,
  ) {
    this.#parts = parts
    this.#publicJwk = publicJwk
    this.#signingKey = signingKey
    this.#verifyingKey = verifyingKey
  }

  /** `signingKey` is a private Ed25519 JSON Web Key. @throws SalusError `signing-key-malformed` */
  static async open(parts: AccessTokenParts, signingKey: JWK): Promise<AccessTokens> {
    const { kty, crv, x, d } = signingKey
    if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined || d === undefined) {
      throw new SalusError('signing-key-malformed', 'the key that signs tokens is not a private Ed25519 key')
    }
    const publicKey = { kty, crv, x }
    const kid = await calculateJwkThumbprint(publicKey)
    const publicJwk = { ...publicKey, kid, alg: ALGORITHM, use: 'sig' }
    return new AccessTokens(
      parts,
      publicJwk,
      await importJWK({ kty, crv, x, d }, ALGORITHM),
      await importJWK(publicKey, ALGORITHM),
    )
  }

  /** The key that others check our tokens with, as a JSON Web Key Set. */
  get jwks(): { readonly keys: readonly JWK[] } {
    return { keys: [this.#publicJwk] }
  }

  /** A signed token for `subject` that lives for `lifetimeS` seconds. */
  async issue(subject: TokenSubject, lifetimeS: number): Promise<string> {
    const { issuer, fhir } = this.#parts.endpoints
    const nowS = Math.floor(this.#parts.now() / 1000)
    return new SignJWT({ ...subjectClaims(subject), scope: writeScopes(subject.scopes) })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: this.#publicJwk.kid })
      .setIssuer(issuer)
      .setAudience(fhir)
      .setJti(randomUUID())
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + lifetimeS)
      .sign(this.#signingKey)
  }

  /**
   * Checks a token: its signature once, its standing at every use.
   * @throws SalusError `token-malformed`, `token-algorithm`, `token-key-unknown`, `token-signature-invalid`,
   *   `token-issuer`, `token-audience`, `token-expired`, `token-revoked`, `token-member-inactive`,
   *   `token-member-key-replaced`
   */
  async verify(token: string): Promise<VerifiedToken> {
    if (token.length > TOKEN_BYTES_MAX) throw refused('token-malformed', 'is too long')
    const key = hash('sha256', token, 'base64url')
    let verified = this.#verified.get(key)
    if (!verified) {
      const revocations = this.#revocations
      verified = toVerified(await this.#verifySignature(token), this.#parts.members.own)
      await this.#refuseRevoked(verified.claims.jti)
      // A token that was revoked while it was being checked must not be remembered as good.
      if (revocations === this.#revocations) this.#verified.set(key, verified)
    }
    if (verified.claims.exp * 1000 <= this.#parts.now()) {
      this.#verified.delete(key)
      throw refused('token-expired', 'has expired')
    }
    this.#refuseStaleMember(verified)
    return verified
  }

  /** Ends a token before its time; durable when this resolves. */
  async revoke({ claims }: VerifiedToken): Promise<void> {
    const nowS = Math.floor(this.#parts.now() / 1000)
    await this.#parts.database.write(async (transaction) => {
      await transaction.run('DELETE FROM oauth_revoked_token WHERE expires_at_s < ?', [nowS])
      await transaction.run(
        'INSERT INTO oauth_revoked_token (jti, expires_at_s) VALUES (?, ?) ON CONFLICT DO NOTHING',
        [claims.jti, claims.exp],
      )
    })
    this.#revocations++
    // Base64url has spare bits, so one token has several spellings and hashes: all of them are forgotten.
    this.#verified.clear()
  }

  async #verifySignature(token: string): Promise<unknown> {
    const { issuer, fhir } = this.#parts.endpoints
    try {
      const { payload } = await jwtVerify(
        token,
        (header) => {
          if (header.kid !== this.#publicJwk.kid) throw refused('token-key-unknown', 'is signed by an unknown key')
          return this.#verifyingKey
        },
        {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer,
          audience: fhir,
          requiredClaims: ['exp', 'jti'],
          currentDate: new Date(this.#parts.now()),
        },
      )
      return payload
    } catch (cause) {
      throw explain(cause)
    }
  }

  async #refuseRevoked(jti: string): Promise<void> {
    const revoked = await this.#parts.database.read.get('SELECT jti FROM oauth_revoked_token WHERE jti = ?', [jti])
    if (revoked) throw refused('token-revoked', 'was revoked')
  }

  #refuseStaleMember({ principal, memberKey }: VerifiedToken): void {
    if (memberKey === null) return
    const member = this.#parts.members.byId(principal.member)
    if (member?.status !== 'active') throw refused('token-member-inactive', 'belongs to a member that is not active')
    if (!equalBytes(member.signingKey, memberKey)) {
      throw refused('token-member-key-replaced', 'was asked for under a key that the member has replaced')
    }
  }
}

function subjectClaims(subject: TokenSubject): Record<string, unknown> {
  if (subject.kind === 'member') {
    const { id, signingKey } = subject.member
    return {
      sub: id,
      client_id: id,
      salus_kind: 'member',
      salus_member_key: toBase64url(signingKey),
      ...writeMemberUse(id, subject.use),
    }
  }
  const { kind, clientId, practitioner } = subject
  return {
    sub: practitioner ?? clientId,
    client_id: clientId,
    salus_kind: kind,
    ...(practitioner === null ? {} : { fhirUser: practitioner }),
  }
}

function toVerified(payload: unknown, ownMember: string): VerifiedToken {
  const parsed = TokenClaims.safeParse(payload)
  if (!parsed.success) throw refused('token-malformed', 'lacks claims')
  const claims = parsed.data
  const scopes = parseScopes(claims.scope)
  if (claims.salus_kind === 'member') {
    const { practitioner, purpose, emergency } = readMemberUse(claims.client_id, claims)
    const principal: Principal = {
      kind: 'member',
      member: claims.client_id,
      practitioner,
      scopes,
      asserted: { purpose, emergency },
    }
    return { principal, claims, memberKey: fromBase64url(claims.salus_member_key) }
  }
  const { salus_kind: kind, fhirUser } = claims
  const principal: Principal = { kind, member: ownMember, practitioner: fhirUser ?? null, scopes, asserted: null }
  return { principal, claims, memberKey: null }
}

function explain(cause: unknown): SalusError {
  if (cause instanceof SalusError) return cause
  if (cause instanceof errors.JWTExpired) return refused('token-expired', 'has expired')
  if (cause instanceof errors.JOSEAlgNotAllowed) return refused('token-algorithm', 'has an algorithm not accepted here')
  if (cause instanceof errors.JWSSignatureVerificationFailed) {
    return refused('token-signature-invalid', 'has a signature that does not hold')
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'iss') return refused('token-issuer', 'is of another issuer')
    if (cause.claim === 'aud') return refused('token-audience', 'is for another audience')
  }
  return new SalusError('token-malformed', 'the access token is not one of this server', {}, cause)
}

function refused(code: string, why: string): SalusError {
  return new SalusError(code, `the access token ${why}`)
}

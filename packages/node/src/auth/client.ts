/**
 * Access tokens of other members' authorization servers, for the exchange: SMART Backend Services with this member's
 * ledger key. The assertion says for whom and why (member-use.ts), so a token is kept for exactly that.
 *
 * Requests go to the URL that the ledger names for the member and nowhere else: redirects are refused.
 */
import { randomUUID } from 'node:crypto'
import { ed25519PublicKey, SalusError, toBase64url } from '@salus/core'
import { importJWK, SignJWT } from 'jose'
import { z } from 'zod'
import { fetchMember, replyJson } from '../exchange/fetch-member.ts'
import { MEMBER_TOKEN_TIMEOUT_MS, MEMBER_TOKENS_MAX, OAUTH_REPLY_BYTES_MAX, TOKEN_BYTES_MAX } from '../limits.ts'
import { ASSERTION_TYPE, ed25519Jwk } from './client-assertion.ts'
import { endpointsOf } from './endpoints.ts'
import { LruMap } from './lru-map.ts'
import { type MemberUse, writeMemberUse } from './member-use.ts'
import type { Member, Members } from './members.ts'
import { memberScope } from './scopes.ts'

const ASSERTION_LIFETIME_S = 60
/** A token is replaced this long before it ends, so that it does not end on its way. */
const RENEWAL_MS = 30_000
const LIFETIME_S_MAX = 3600

const TokenReply = z.object({
  access_token: z
    .string()
    .regex(/^[A-Za-z0-9._~+/=-]+$/)
    .max(TOKEN_BYTES_MAX),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
})
const ErrorReply = z.object({ error: z.string().max(64), error_description: z.string().max(500).optional() })

interface KeptToken {
  readonly token: Promise<string>
  /** Milliseconds since 1970; Infinity while the token is being fetched. */
  renewAtMs: number
}

export class MemberTokenClient {
  readonly #members: Members
  readonly #signingSeed: () => Uint8Array
  readonly #now: () => number
  readonly #kept = new LruMap<KeptToken>(MEMBER_TOKENS_MAX)

  /** `signingSeed` gives the seed (32 bytes) of this member's signing key on the ledger, which can change. */
  constructor(members: Members, signingSeed: () => Uint8Array, now: () => number = Date.now) {
    this.#members = members
    this.#signingSeed = signingSeed
    this.#now = now
  }

  /**
   * An access token of the member for this use. Calls for the same use share one request.
   * @throws SalusError `member-unknown`, `member-suspended`, `exchange-unreachable`, `exchange-answer`,
   *   `exchange-token-refused` (details: the other server's `error` and `description`)
   */
  tokenFor(memberId: string, use: MemberUse): Promise<string> {
    const member = this.#members.byId(memberId)
    if (!member || memberId === this.#members.own) {
      return Promise.reject(new SalusError('member-unknown', 'there is no such other member'))
    }
    if (member.status !== 'active') return Promise.reject(new SalusError('member-suspended', 'the member is suspended'))
    const { practitioner, purpose, emergency } = use
    const key = JSON.stringify([memberId, member.url, practitioner, purpose.system, purpose.code, emergency])
    const kept = this.#kept.get(key)
    if (kept && kept.renewAtMs > this.#now()) return kept.token
    const fetched = this.#fetch(member, use)
    const entry: KeptToken = { token: fetched.then((reply) => reply.token), renewAtMs: Number.POSITIVE_INFINITY }
    this.#kept.set(key, entry)
    fetched.then(
      ({ lifetimeMs }) => {
        entry.renewAtMs = this.#now() + lifetimeMs - RENEWAL_MS
      },
      () => this.#kept.delete(key),
    )
    return entry.token
  }

  async #fetch(member: Member, use: MemberUse): Promise<{ token: string; lifetimeMs: number }> {
    const { token: endpoint } = endpointsOf(member.url)
    const reply = await post(endpoint, {
      grant_type: 'client_credentials',
      scope: memberScope(use.practitioner),
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await this.#assertion(endpoint, use),
    })
    if (reply.status !== 200) {
      const { error = 'unknown', error_description: description = '' } = ErrorReply.safeParse(reply.body).data ?? {}
      throw new SalusError('exchange-token-refused', 'the other member gives no access token', { error, description })
    }
    const parsed = TokenReply.safeParse(reply.body)
    if (!parsed.success) throw new SalusError('exchange-answer', 'the other member’s answer is not an access token')
    const { access_token: token, expires_in: lifetimeS } = parsed.data
    return { token, lifetimeMs: Math.min(lifetimeS, LIFETIME_S_MAX) * 1000 }
  }

  async #assertion(audience: string, use: MemberUse): Promise<string> {
    const { own } = this.#members
    const seed = this.#signingSeed()
    const { kid, ...publicKey } = await ed25519Jwk(ed25519PublicKey(seed))
    const key = await importJWK({ ...publicKey, d: toBase64url(seed) }, 'EdDSA')
    const nowS = Math.floor(this.#now() / 1000)
    return new SignJWT({ ...writeMemberUse(own, use) })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
      .setIssuer(own)
      .setSubject(own)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + ASSERTION_LIFETIME_S)
      .sign(key)
  }
}

async function post(url: string, form: Readonly<Record<string, string>>): Promise<{ status: number; body: unknown }> {
  const reply = await fetchMember(url, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(form),
    redirect: 'error',
    timeoutMs: MEMBER_TOKEN_TIMEOUT_MS,
    replyBytesMax: OAUTH_REPLY_BYTES_MAX,
  })
  return { status: reply.status, body: replyJson(reply) }
}

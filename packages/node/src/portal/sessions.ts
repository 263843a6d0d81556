/**
 * Sessions of staff in the browser. The secret travels in a cookie that scripts cannot read (HttpOnly, SameSite=Strict);
 * a request counts only when it also carries the session's other half in `X-Salus-Csrf`, which a foreign page cannot
 * know. The node keeps hashes. A session maps to the same Principal as an access token of that user would, so scopes
 * decide what it may do, as everywhere.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { SalusError } from '@salus/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '../auth/principal.ts'
import type { Database } from '../db/database.ts'
import { SESSION_IDLE_MS_MAX, SESSION_MS_MAX, SIGN_IN_LINK_MS_MAX, STEP_UP_MS_MAX } from '../limits.ts'
import { hashSecret, makeSecret, SECRET } from './secrets.ts'
import { scopesOf, type User, type Users } from './users.ts'

export const CSRF_HEADER = 'x-salus-csrf'
/** `seen_at_ms` is written at most this often. */
const SEEN_STEP_MS = 60_000

export interface Session {
  readonly id: string
  readonly csrf: string
  readonly user: User
  readonly device: string
  readonly madeAtMs: number
  readonly seenAtMs: number
  /** When the user last proved who they are. */
  readonly provedAtMs: number
}

interface Row {
  readonly id: string
  readonly csrf: string
  readonly user_id: string
  readonly device: string
  readonly made_at_ms: number
  readonly seen_at_ms: number
  readonly proved_at_ms: number
  readonly expires_at_ms: number
}

export interface SessionParts {
  readonly database: Database
  readonly users: Users
  /** The member whose node this is, and its short name, which is part of the cookie's: ports share cookies. */
  readonly member: string
  readonly handle: string
  readonly isSecure: boolean
  readonly now: () => number
}

export class Sessions {
  readonly #parts: SessionParts
  readonly #cookie: string

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#cookie = `${parts.isSecure ? '__Host-' : ''}salus-${parts.handle}`
  }

  /** A code that signs `user` in once, for a quarter of an hour. @throws SalusError `user-unknown` */
  async makeLink(userId: string): Promise<string> {
    const { database, users, now } = this.#parts
    await users.byId(userId)
    const secret = makeSecret()
    await database.write(async (transaction) => {
      await transaction.run('DELETE FROM portal_sign_in_link WHERE expires_at_ms < ?', [now()])
      await transaction.run('INSERT INTO portal_sign_in_link (secret_hash, user_id, expires_at_ms) VALUES (?, ?, ?)', [
        hashSecret(secret),
        userId,
        now() + SIGN_IN_LINK_MS_MAX,
      ])
    })
    return secret
  }

  /** The user of a link, which is used up. @throws SalusError `sign-in-link-invalid` */
  async useLink(secret: string): Promise<User> {
    const { database, users, now } = this.#parts
    const secretHash = hashSecret(secret)
    const used = await database.write((transaction) =>
      transaction.get<{ user_id: string }>(
        'DELETE FROM portal_sign_in_link WHERE secret_hash = ? AND expires_at_ms >= ? RETURNING user_id',
        [secretHash, now()],
      ),
    )
    if (!used) throw new SalusError('sign-in-link-invalid', 'the link was used before or has expired')
    return users.byId(used.user_id)
  }

  /** Begins a session and sets its cookie. @throws SalusError `user-inactive` */
  async begin(user: User, request: FastifyRequest, reply: FastifyReply): Promise<Session> {
    if (!user.active) throw new SalusError('user-inactive', 'this user may not sign in any more')
    const { database, now } = this.#parts
    const [secret, nowMs] = [makeSecret(), now()]
    const session: Session = {
      id: randomUUID(),
      csrf: makeSecret(),
      user,
      device: deviceOf(request.headers['user-agent'] ?? ''),
      madeAtMs: nowMs,
      seenAtMs: nowMs,
      provedAtMs: nowMs,
    }
    await database.write(async (transaction) => {
      await transaction.run('DELETE FROM portal_session WHERE expires_at_ms < ?', [nowMs])
      await transaction.run(
        `INSERT INTO portal_session
           (id, secret_hash, csrf, user_id, device, made_at_ms, seen_at_ms, proved_at_ms, expires_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          session.id,
          hashSecret(secret),
          session.csrf,
          user.id,
          session.device,
          nowMs,
          nowMs,
          nowMs,
          nowMs + SESSION_MS_MAX,
        ],
      )
    })
    this.#setCookie(reply, secret, SESSION_MS_MAX / 1000)
    return session
  }

  /** The session of a request's cookie, whatever else it carries; undefined when there is none in force. */
  async ofCookie(request: FastifyRequest): Promise<Session | undefined> {
    const secret = cookieOf(request, this.#cookie)
    if (secret === undefined || !SECRET.test(secret)) return undefined
    const { database, users, now } = this.#parts
    const sql = 'SELECT * FROM portal_session WHERE secret_hash = ?'
    const row = await database.read.get<Row>(sql, [hashSecret(secret)])
    const nowMs = now()
    if (!row || row.expires_at_ms <= nowMs || row.seen_at_ms + SESSION_IDLE_MS_MAX <= nowMs) return undefined
    const user = await users.byId(row.user_id)
    if (!user.active) return undefined
    if (row.seen_at_ms + SEEN_STEP_MS <= nowMs) {
      await database.write((transaction) =>
        transaction.run('UPDATE portal_session SET seen_at_ms = ? WHERE id = ?', [nowMs, row.id]),
      )
    }
    return fromRow(row, user)
  }

  /** The session of a request that carries both halves. @throws SalusError `session-missing`, `session-csrf` */
  async require(request: FastifyRequest): Promise<Session> {
    const session = await this.ofCookie(request)
    if (session === undefined) throw new SalusError('session-missing', 'nobody is signed in')
    const given = Buffer.from(String(request.headers[CSRF_HEADER] ?? ''))
    const wanted = Buffer.from(session.csrf)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new SalusError('session-csrf', 'the request does not come from the portal')
    }
    return session
  }

  /** True when a request means to be authenticated by a session, not by a token. */
  isMeant(request: FastifyRequest): boolean {
    return request.headers.authorization === undefined && request.headers[CSRF_HEADER] !== undefined
  }

  /** Who a session acts as. */
  principal({ user }: Session): Principal {
    const { kind, practitioner } = user
    return { kind, member: this.#parts.member, practitioner, scopes: scopesOf(user), asserted: null }
  }

  /** Sensitive acts want a proof of who it is that is a few minutes old at most. @throws SalusError `step-up-required` */
  requireRecentProof({ provedAtMs }: Session): void {
    if (provedAtMs + STEP_UP_MS_MAX > this.#parts.now()) return
    throw new SalusError('step-up-required', 'sign in again to do this')
  }

  async proved({ id }: Session): Promise<void> {
    const { database, now } = this.#parts
    await database.write((transaction) =>
      transaction.run('UPDATE portal_session SET proved_at_ms = ? WHERE id = ?', [now(), id]),
    )
  }

  /** The sessions of a user, the latest first. */
  async ofUser(user: User): Promise<readonly Session[]> {
    const rows = await this.#parts.database.read.all<Row>(
      'SELECT * FROM portal_session WHERE user_id = ? AND expires_at_ms > ? ORDER BY seen_at_ms DESC',
      [user.id, this.#parts.now()],
    )
    return rows.map((row) => fromRow(row, user))
  }

  /** Ends one session of the user, or all of them. */
  async end(user: User, id: string | null): Promise<void> {
    await this.#parts.database.write((transaction) =>
      id === null
        ? transaction.run('DELETE FROM portal_session WHERE user_id = ?', [user.id])
        : transaction.run('DELETE FROM portal_session WHERE user_id = ? AND id = ?', [user.id, id]),
    )
  }

  clearCookie(reply: FastifyReply): void {
    this.#setCookie(reply, '', 0)
  }

  #setCookie(reply: FastifyReply, value: string, maxAgeS: number): void {
    const secure = this.#parts.isSecure ? '; Secure' : ''
    reply.header(
      'set-cookie',
      `${this.#cookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure}`,
    )
  }
}

function fromRow(row: Row, user: User): Session {
  const { id, csrf, device } = row
  const [madeAtMs, seenAtMs, provedAtMs] = [row.made_at_ms, row.seen_at_ms, row.proved_at_ms].map(Number)
  return { id, csrf, user, device, madeAtMs, seenAtMs, provedAtMs } as Session
}

function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name) return value
  }
  return undefined
}

/** Browser and system, in words that a user recognises; no more of the header is kept. */
function deviceOf(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser'
  const system = /iPhone|iPad/.exec(agent)?.[0] ?? /Android|Windows|Macintosh|Linux/.exec(agent)?.[0] ?? ''
  return system === '' ? browser : `${browser}, ${system === 'Macintosh' ? 'Mac' : system}`
}

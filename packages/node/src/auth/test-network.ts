/** Members with real servers and databases over one state of membership, for the tests of authentication. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handles, members as memberTable } from '@salus/contracts'
import {
  ed25519PublicKey,
  type MemberRow,
  memberId,
  type PublicKey,
  randomBytes,
  SalusError,
  toBase64url,
  toHex,
} from '@salus/core'
import fastify, { type FastifyInstance } from 'fastify'
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Database } from '../db/database.ts'
import { openSqlite } from '../db/sqlite.ts'
import { type Auth, openAuth } from './auth.ts'
import { ASSERTION_TYPE, ed25519Jwk } from './client-assertion.ts'
import { ledgerMembers, type Members } from './members.ts'
import type { Principal } from './principal.ts'
import { AUTH_TABLES } from './tables.ts'

/** State of the ledger, as contracts write it. */
export class TestState {
  readonly #rows = new Map<string, Uint8Array>()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(toHex(key))
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#rows.set(toHex(key), value)
  }

  delete(key: Uint8Array): void {
    this.#rows.delete(toHex(key))
  }
}

/** One member: its keys, its server, and a clock that tests can move. */
export interface TestMember {
  readonly id: string
  readonly url: string
  readonly seed: Uint8Array
  readonly members: Members
  readonly auth: Auth
  readonly app: FastifyInstance
  readonly database: Database
  readonly clock: { offsetMs: number }
  readonly tokenKey: JWK
}

export interface TestOptions {
  readonly isEnrolled?: (key: PublicKey) => boolean
  readonly requestsPerMinuteMax?: number
}

export class TestNetwork {
  readonly state = new TestState()
  readonly #folder = mkdtempSync(join(tmpdir(), 'salus-auth-'))
  readonly #started: TestMember[] = []

  /** Starts a member whose server answers `/fhir/whoami` with the principal, and `/patient/*` with the signing key. */
  async start(handle: string, options: TestOptions = {}): Promise<TestMember> {
    const url = `http://127.0.0.1:${await freePort()}`
    const seed = randomBytes(32)
    const name = `Test ${handle}`
    const id = memberId(name, ed25519PublicKey(seed))
    this.admit(id, handle, name, seed, url)
    const clock = { offsetMs: 0 }
    const tokenKey = await privateJwk(randomBytes(32))
    const database = openSqlite(join(this.#folder, `${handle}.db`), [AUTH_TABLES])
    const members = ledgerMembers(this.state, id)
    const auth = await openAuth({
      url,
      signingKey: tokenKey,
      members,
      database,
      isEnrolled: () => true,
      now: () => Date.now() + clock.offsetMs,
      ...options,
    })
    const app = await serve(auth)
    await app.listen({ port: Number(new URL(url).port), host: '127.0.0.1' })
    const member = { id, url, seed, members, auth, app, database, clock, tokenKey }
    this.#started.push(member)
    return member
  }

  admit(id: string, handle: string, name: string, seed: Uint8Array, url: string): void {
    memberTable.put(
      this.state,
      {
        handle,
        name,
        roles: ['provider'],
        status: 'active',
        signingKey: ed25519PublicKey(seed),
        encryptionKey: randomBytes(32),
        url,
        admittedAtMs: 1,
        keySinceMs: 1,
      },
      id,
    )
    handles.put(this.state, { memberId: id }, handle)
  }

  /** Changes the member's row, as a vote or the member itself would. */
  change(id: string, change: Partial<MemberRow>): void {
    const row = memberTable.get(this.state, id)
    if (row) memberTable.put(this.state, { ...row, ...change }, id)
  }

  async stop(): Promise<void> {
    for (const member of this.#started) {
      await member.app.close()
      await member.database.close()
    }
    rmSync(this.#folder, { recursive: true })
  }
}

/** A server with the authentication under test. */
export async function serve(auth: Auth): Promise<FastifyInstance> {
  const app = fastify({ logger: false })
  app.setErrorHandler((error, _request, reply) => {
    const code = error instanceof SalusError ? error.code : 'internal'
    const is401 = code.startsWith('token-') || code.startsWith('patient-signature-')
    return reply.code(is401 ? 401 : 500).send({ code })
  })
  await auth.install(app)
  app.get('/fhir/whoami', (request) => auth.authenticate(request))
  await app.register(async (scope) => {
    auth.keepPatientBodies(scope)
    scope.all('/patient/*', async (request) => {
      const { key } = await auth.authenticatePatient(request)
      return { scheme: key.scheme, key: toHex(key.bytes) }
    })
  })
  return app
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** The private JSON Web Key of an Ed25519 seed. */
export async function privateJwk(seed: Uint8Array): Promise<JWK & { readonly kid: string }> {
  return { ...(await ed25519Jwk(ed25519PublicKey(seed))), d: toBase64url(seed) }
}

/** A good assertion of `clientId` for `audience`, changed as `claims` and `header` say. */
export async function assertion(
  clientId: string,
  key: JWK,
  audience: string,
  claims: JWTPayload = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  const alg = typeof header.alg === 'string' ? header.alg : 'EdDSA'
  return new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    exp: nowS + 60,
    ...claims,
  })
    .setProtectedHeader({ typ: 'JWT', ...(key.kid === undefined ? {} : { kid: key.kid }), ...header, alg })
    .sign(await importJWK(key, alg))
}

/** The fields of the replies that tests look at; a field that a reply lacks is undefined. */
export interface ReplyBody extends Principal {
  readonly access_token: string
  readonly expires_in: number
  readonly scope: string
  readonly client_id: string
  readonly active: boolean
  readonly error: string
  readonly error_description: string
  readonly issuer: string
  readonly token_endpoint: string
  readonly token_endpoint_auth_methods_supported: readonly string[]
  readonly keys: readonly JWK[]
  /** Code of the refusal, where the server under test refused outside of OAuth. */
  readonly code: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: ReplyBody
}

export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return answer(await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers }))
}

export async function answer(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: (await response.json()) as ReplyBody }
}

/** The form that asks for a token with this assertion. */
export function tokenForm(clientAssertion: string, scope: string): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: clientAssertion,
    scope,
  }
}

/** Asks `member` for a token with this assertion. */
export function askToken(member: TestMember, clientAssertion: string, scope: string): Promise<Answer> {
  return postForm(`${member.url}/oauth/token`, tokenForm(clientAssertion, scope))
}

/** Whom `member` takes the bearer of `token` for. */
export async function whoami(
  member: TestMember,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return answer(await fetch(`${member.url}/fhir/whoami`, { headers: { authorization: `Bearer ${token}`, ...headers } }))
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ed25519PublicKey, randomBytes } from '@salus/core'
import * as fc from 'fast-check'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { openAuth } from './auth.ts'
import { ASSERTION_TYPE } from './client-assertion.ts'
import { writeMemberUse } from './member-use.ts'
import {
  answer,
  askToken,
  assertion,
  postForm,
  privateJwk,
  serve,
  type TestMember,
  TestNetwork,
  tokenForm,
  whoami,
} from './test-network.ts'

const TREAT = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }
const USE = { practitioner: 'Practitioner/7', purpose: TREAT, emergency: null }

const network = new TestNetwork()
let riverside: TestMember
let lakeside: TestMember
let administrator: string
let systemKey: JWK

before(async () => {
  riverside = await network.start('riverside')
  lakeside = await network.start('lakeside')
  const order = { kind: 'operator', practitioner: null, scopes: 'system/*.cruds', lifetimeS: 86_400 } as const
  administrator = await riverside.auth.issueToken(order)
  const pair = await generateKeyPair('ES384', { extractable: true })
  systemKey = { ...(await exportJWK(pair.privateKey)), kid: 'system-1' }
  const { d: _secret, ...publicKey } = systemKey
  await riverside.auth.clients.register({
    id: 'lab-system',
    name: 'Laboratory',
    kind: 'operator',
    practitioner: null,
    scopes: 'system/Observation.cruds system/Patient.rs',
    jwks: { keys: [publicKey] },
  })
})
after(() => network.stop())

/** An assertion of lakeside for riverside. */
async function memberAssertion(claims = {}, header = {}, seed = lakeside.seed): Promise<string> {
  const use = writeMemberUse(lakeside.id, USE)
  return assertion(lakeside.id, await privateJwk(seed), `${riverside.url}/oauth/token`, { ...use, ...claims }, header)
}

async function memberToken(): Promise<string> {
  const reply = await askToken(riverside, await memberAssertion(), 'user/*.rs')
  assert.equal(reply.status, 200)
  return reply.body.access_token
}

function systemAssertion(claims = {}, header = {}): Promise<string> {
  return assertion('lab-system', systemKey, `${riverside.url}/oauth/token`, claims, { alg: 'ES384', ...header })
}

async function refusal(clientAssertion: string, scope = 'user/*.rs'): Promise<string> {
  const { status, body } = await askToken(riverside, clientAssertion, scope)
  assert.ok(status >= 400 && status < 500, `status ${status}`)
  return `${status} ${body.error} ${String(body.error_description).split(':')[0]}`
}

test('the metadata names the endpoints, below the member and below its FHIR base', async () => {
  const paths = ['/.well-known/smart-configuration', '/fhir/.well-known/smart-configuration']
  for (const path of [...paths, '/.well-known/oauth-authorization-server']) {
    const { status, body } = await answer(await fetch(riverside.url + path))
    assert.equal(status, 200)
    assert.equal(body.issuer, riverside.url)
    assert.equal(body.token_endpoint, `${riverside.url}/oauth/token`)
    assert.deepEqual(body.token_endpoint_auth_methods_supported, ['private_key_jwt'])
  }
  const jwks = await answer(await fetch(`${riverside.url}/oauth/jwks`))
  assert.equal(jwks.body.keys.length, 1)
  assert.equal(jwks.body.keys[0]?.d, undefined)
})

test('a registered system gets what is registered of what it asks for', async () => {
  const reply = await askToken(riverside, await systemAssertion(), 'system/*.rs')
  assert.equal(reply.status, 200)
  assert.equal(reply.headers.get('cache-control'), 'no-store')
  assert.equal(reply.body.expires_in, 300)
  assert.equal(reply.body.scope, 'system/Observation.rs system/Patient.rs')
  const { body } = await whoami(riverside, reply.body.access_token)
  assert.equal(body.kind, 'operator')
  assert.equal(body.member, riverside.id)
  assert.equal(body.asserted, null)
})

test('ES256, RS384 and EdDSA clients are served too', async () => {
  for (const alg of ['ES256', 'RS384', 'EdDSA']) {
    const pair = await generateKeyPair(alg, { extractable: true })
    const key = { ...(await exportJWK(pair.privateKey)), kid: alg }
    const publicKey = { ...(await exportJWK(pair.publicKey)), kid: alg }
    const id = `client-${alg}`
    const registration = { id, name: id, kind: 'practitioner', practitioner: 'Practitioner/1' } as const
    await riverside.auth.clients.register({ ...registration, scopes: 'user/*.rs', jwks: { keys: [publicKey] } })
    const signed = await assertion(id, key, riverside.url, {}, { alg })
    const reply = await askToken(riverside, signed, 'user/Patient.read')
    assert.equal(reply.status, 200)
    const { body } = await whoami(riverside, reply.body.access_token)
    assert.deepEqual([body.kind, body.practitioner], ['practitioner', 'Practitioner/1'])
  }
})

test('another member is served for its practitioner, with what it signed and no right to write', async () => {
  const reply = await askToken(riverside, await memberAssertion(), 'user/*.cruds')
  assert.equal(reply.body.scope, 'user/*.rs')
  const { body } = await whoami(riverside, reply.body.access_token, {
    'x-purpose-of-use': 'BTG',
    'x-emergency-reason': 'unconscious',
  })
  assert.equal(body.kind, 'member')
  assert.equal(body.member, lakeside.id)
  assert.equal(body.practitioner, 'Practitioner/7')
  assert.deepEqual(body.asserted, { purpose: TREAT, emergency: null })
})

test('assertions that another server or another key could have made are refused', async () => {
  assert.equal(
    await refusal(await memberAssertion({ aud: `${lakeside.url}/oauth/token` })),
    '401 invalid_client assertion-audience',
  )
  const list = { aud: [`${riverside.url}/oauth/token`, `${lakeside.url}/oauth/token`] }
  assert.equal(await refusal(await memberAssertion(list)), '401 invalid_client assertion-audience')
  assert.equal(
    await refusal(await memberAssertion({}, {}, randomBytes(32))),
    '401 invalid_client assertion-key-unknown',
  )
  const { kid } = await privateJwk(lakeside.seed)
  const forged = await memberAssertion({}, { kid }, randomBytes(32))
  assert.equal(await refusal(forged), '401 invalid_client assertion-signature-invalid')
  const noKid = await memberAssertion({}, { kid: undefined })
  assert.equal(await refusal(noKid), '401 invalid_client assertion-key-unknown')
  assert.equal(await refusal(await memberAssertion({ sub: riverside.id })), '401 invalid_client assertion-malformed')
  const own = await assertion(riverside.id, await privateJwk(riverside.seed), riverside.url)
  assert.equal(await refusal(own), '401 invalid_client client-unknown')
})

test('an assertion is good once, also when it comes many times at once', async () => {
  const one = await memberAssertion()
  const replies = await Promise.all(Array.from({ length: 8 }, () => askToken(riverside, one, 'user/*.rs')))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  assert.equal(await refusal(one), '401 invalid_client assertion-replayed')
})

test('an assertion lives at most five minutes', async () => {
  const nowS = Math.floor(Date.now() / 1000)
  assert.equal(await refusal(await memberAssertion({ exp: nowS - 20 })), '401 invalid_client assertion-expired')
  assert.equal(await refusal(await memberAssertion({ exp: nowS + 400 })), '401 invalid_client assertion-lifetime')
  assert.equal(await refusal(await memberAssertion({ exp: undefined })), '401 invalid_client assertion-malformed')
  assert.equal(await refusal(await memberAssertion({ jti: undefined })), '401 invalid_client assertion-malformed')
  assert.equal(await refusal(await memberAssertion({ nbf: nowS + 100 })), '401 invalid_client assertion-malformed')
})

test('algorithms cannot be confused', async () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const good = await memberAssertion()
  const [, payload] = good.split('.')
  const { kid } = await privateJwk(lakeside.seed)
  assert.equal(await refusal(`${encode({ alg: 'none', kid })}.${payload}.`), '401 invalid_client assertion-algorithm')
  const secret = ed25519PublicKey(lakeside.seed)
  const hmac = await new SignJWT(JSON.parse(Buffer.from(payload as string, 'base64url').toString()))
    .setProtectedHeader({ alg: 'HS256', kid })
    .sign(secret)
  assert.equal(await refusal(hmac), '401 invalid_client assertion-algorithm')
  const token = await memberToken()
  const [, claims] = token.split('.')
  const keys = (await answer(await fetch(`${riverside.url}/oauth/jwks`))).body.keys
  const header = { typ: 'at+jwt', kid: keys[0]?.kid ?? '' }
  const unsigned = await whoami(riverside, `${encode({ ...header, alg: 'none' })}.${claims}.`)
  assert.deepEqual([unsigned.status, unsigned.body.code], [401, 'token-algorithm'])
  const mac = await new SignJWT(JSON.parse(Buffer.from(claims as string, 'base64url').toString()))
    .setProtectedHeader({ ...header, alg: 'HS256' })
    .sign(Buffer.from(keys[0]?.x ?? '', 'base64url'))
  assert.equal((await whoami(riverside, mac)).body.code, 'token-algorithm')
})

test('what a member signs must be whole, its own, and for one purpose', async () => {
  const b2b = writeMemberUse(lakeside.id, USE).extensions['hl7-b2b']
  const changed = (change: object): Promise<string> =>
    memberAssertion({ extensions: { 'hl7-b2b': { ...b2b, ...change } } })
  const malformed = '400 invalid_request assertion-use-malformed'
  assert.equal(await refusal(await memberAssertion({ extensions: undefined })), malformed)
  assert.equal(await refusal(await changed({ organization_id: `Organization/${riverside.id}` })), malformed)
  assert.equal(await refusal(await changed({ subject_id: 'Patient/1' })), malformed)
  assert.equal(await refusal(await changed({ purpose_of_use: ['TREAT', 'BTG'] })), malformed)
  assert.equal(
    await refusal(await changed({ purpose_of_use: ['BTG'] })),
    '400 invalid_request emergency-reason-required',
  )
  const reason = await memberAssertion({ salus_emergency_reason: 'unconscious' })
  assert.equal(await refusal(reason), '400 invalid_request purpose-malformed')
})

test('suspension and key rotation act on tokens that were given out before', async () => {
  const token = await memberToken()
  assert.equal((await whoami(riverside, token)).status, 200)
  network.change(lakeside.id, { status: 'suspended' })
  const suspended = await whoami(riverside, token)
  assert.deepEqual([suspended.status, suspended.body.code], [401, 'token-member-inactive'])
  assert.equal(await refusal(await memberAssertion()), '401 invalid_client member-suspended')
  network.change(lakeside.id, { status: 'active' })
  assert.equal((await whoami(riverside, token)).status, 200)
  network.change(lakeside.id, { signingKey: ed25519PublicKey(randomBytes(32)) })
  assert.equal((await whoami(riverside, token)).body.code, 'token-member-key-replaced')
  assert.equal(await refusal(await memberAssertion()), '401 invalid_client assertion-key-unknown')
  network.change(lakeside.id, { signingKey: ed25519PublicKey(lakeside.seed) })
})

test('tokens of another server, for another audience, altered or expired are refused with a challenge', async () => {
  const scopes = { kind: 'operator', practitioner: null, scopes: 'system/*.cruds', lifetimeS: 60 } as const
  const foreign = await whoami(riverside, await lakeside.auth.issueToken(scopes))
  assert.deepEqual([foreign.status, foreign.body.code], [401, 'token-key-unknown'])
  assert.match(foreign.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token".*token-key-unknown/)
  const missing = await answer(await fetch(`${riverside.url}/fhir/whoami`))
  assert.deepEqual([missing.status, missing.body.code], [401, 'token-missing'])
  assert.equal(missing.headers.get('www-authenticate'), 'Bearer realm="salus"')

  const good = await riverside.auth.issueToken(scopes)
  const claims = JSON.parse(Buffer.from(good.split('.')[1] as string, 'base64url').toString())
  const code = async (change: object, typ = 'at+jwt'): Promise<string> => {
    const { key, kid } = await tokenKey()
    const token = await new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(key)
    return (await whoami(riverside, token)).body.code
  }
  assert.equal(await code({ aud: `${lakeside.url}/fhir` }), 'token-audience')
  assert.equal(await code({ iss: lakeside.url }), 'token-issuer')
  assert.equal(await code({ exp: claims.iat - 1 }), 'token-expired')
  assert.equal(await code({}, 'JWT'), 'token-malformed')
  assert.equal(await code({ salus_kind: 'root' }), 'token-malformed')
  const [header, , signature] = good.split('.')
  const altered = Buffer.from(JSON.stringify({ ...claims, scope: 'user/*.cruds' })).toString('base64url')
  assert.equal((await whoami(riverside, `${header}.${altered}.${signature}`)).body.code, 'token-signature-invalid')
  assert.equal((await whoami(riverside, 'x'.repeat(9000))).body.code, 'token-malformed')
  assert.equal((await whoami(riverside, good)).status, 200)
  riverside.clock.offsetMs = 61_000
  assert.equal((await whoami(riverside, good)).body.code, 'token-expired')
  riverside.clock.offsetMs = 0
})

/** The key that signs riverside's tokens, as an insider who makes false ones would use it. */
async function tokenKey(): Promise<{ key: JWK; kid: string }> {
  const [published] = (await answer(await fetch(`${riverside.url}/oauth/jwks`))).body.keys
  return { key: riverside.tokenKey, kid: published?.kid ?? '' }
}

test('operators introspect; clients revoke their own tokens, administrators all', async () => {
  const introspect = (token: string, bearer: string) =>
    postForm(`${riverside.url}/oauth/introspect`, { token }, { authorization: `Bearer ${bearer}` })
  const token = await memberToken()
  const active = await introspect(token, administrator)
  assert.equal(active.body.active, true)
  assert.equal(active.body.client_id, lakeside.id)
  assert.deepEqual((await introspect('nonsense', administrator)).body, { active: false })
  assert.equal((await introspect(token, token)).status, 403)
  const anonymous = await postForm(`${riverside.url}/oauth/introspect`, { token })
  assert.deepEqual([anonymous.status, anonymous.headers.get('www-authenticate')], [401, 'Bearer realm="salus"'])

  const revoke = async (clientAssertion: string, target: string) =>
    postForm(`${riverside.url}/oauth/revoke`, {
      token: target,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: clientAssertion,
    })
  assert.equal((await revoke(await systemAssertion(), token)).body.error, 'unauthorized_client')
  assert.equal((await whoami(riverside, token)).status, 200)
  assert.equal((await revoke(await memberAssertion(), token)).status, 200)
  assert.equal((await whoami(riverside, token)).body.code, 'token-revoked')
  assert.deepEqual((await introspect(token, administrator)).body, { active: false })

  const order = { kind: 'practitioner', practitioner: 'Practitioner/9', scopes: 'user/*.cruds', lifetimeS: 60 } as const
  const clinician = await riverside.auth.issueToken(order)
  assert.equal((await whoami(riverside, clinician)).body.practitioner, 'Practitioner/9')
  const form = { token: clinician }
  const revoked = await postForm(`${riverside.url}/oauth/revoke`, form, { authorization: `Bearer ${administrator}` })
  assert.equal(revoked.status, 200)
  assert.equal((await whoami(riverside, clinician)).body.code, 'token-revoked')
})

test('requests out of shape or bounds are refused in the form of RFC 6749', async () => {
  const url = `${riverside.url}/oauth/token`
  assert.equal((await postForm(url, {})).body.error, 'invalid_request')
  assert.equal((await postForm(url, { grant_type: 'password' })).body.error, 'unsupported_grant_type')
  assert.equal((await postForm(url, { grant_type: 'client_credentials' })).body.error, 'invalid_client')
  const twice = await answer(
    await fetch(url, { method: 'POST', body: new URLSearchParams('grant_type=a&grant_type=b') }),
  )
  assert.equal(twice.body.error, 'invalid_request')
  const asJson = await answer(
    await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
  )
  assert.equal(asJson.status, 415)
  assert.equal(await refusal('a'.repeat(9000)), '401 invalid_client assertion-malformed')
  assert.equal((await askToken(riverside, 'a'.repeat(20_000), 'user/*.rs')).status, 413)
  assert.equal(await refusal(await systemAssertion(), 'user/*.rs'), '400 invalid_scope scope-not-granted')
  assert.equal(await refusal(await systemAssertion(), ''), '400 invalid_scope scope-not-granted')
  const narrowed = 'system/Observation.rs?category=laboratory'
  assert.equal(await refusal(await systemAssertion(), narrowed), '400 invalid_scope scope-query-unsupported')
})

test('no token and no assertion makes the server fail', async () => {
  const good = await memberAssertion()
  const goodToken = await memberToken()
  const mutate = (text: string) =>
    fc
      .tuple(fc.nat(text.length - 1), fc.nat(4), fc.base64String({ maxLength: 8 }))
      .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut))
  const part = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString('base64url'))
  const jwt = fc.oneof(
    fc.string(),
    mutate(good),
    mutate(goodToken),
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc
      .tuple(fc.record({ alg: fc.constantFrom('EdDSA', 'none', 'HS256', 'ES256'), kid: fc.anything() }), fc.anything())
      .map(([header, payload]) =>
        [header, payload, ''].map((v) => Buffer.from(JSON.stringify(v) ?? '').toString('base64url')).join('.'),
      ),
  )
  await fc.assert(
    fc.asyncProperty(jwt, async (text) => {
      const asked = await riverside.app.inject({
        method: 'POST',
        url: '/oauth/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        remoteAddress: '192.0.2.1',
        payload: new URLSearchParams(tokenForm(text, 'user/*.rs')).toString(),
      })
      assert.ok(asked.statusCode < 500, asked.body)
      const used = await riverside.app.inject({ url: '/fhir/whoami', headers: { authorization: `Bearer ${text}` } })
      if (decoded(text) === decoded(goodToken)) assert.ok(used.statusCode < 500, used.body)
      else assert.equal(used.statusCode, 401, used.body)
    }),
    { numRuns: 300 },
  )
})

/** The bytes of a token's parts: base64url spells the same bytes in several ways. */
function decoded(token: string): string {
  return token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.')
}

test('a revoked token is refused in every spelling of its bytes', async () => {
  const order = { kind: 'operator', practitioner: null, scopes: 'system/*.rs', lifetimeS: 60 } as const
  const token = await riverside.auth.issueToken(order)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1) as string)
  const respelled = token.slice(0, -1) + alphabet[last ^ 1]
  assert.equal(decoded(respelled), decoded(token))
  await whoami(riverside, token)
  await whoami(riverside, respelled)
  await postForm(`${riverside.url}/oauth/revoke`, { token }, { authorization: `Bearer ${administrator}` })
  assert.equal((await whoami(riverside, token)).status, 401)
  assert.equal((await whoami(riverside, respelled)).status, 401)
})

test('used assertions and revoked tokens stay so after a restart', async () => {
  const used = await memberAssertion()
  const token = (await askToken(riverside, used, 'user/*.rs')).body.access_token
  await postForm(`${riverside.url}/oauth/revoke`, { token }, { authorization: `Bearer ${administrator}` })
  const { url, tokenKey: signingKey, members, database } = riverside
  const app = await serve(await openAuth({ url, signingKey, members, database }))
  const replayed = await app.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(tokenForm(used, 'user/*.rs')).toString(),
  })
  assert.match(replayed.json().error_description, /^assertion-replayed/)
  const refused = await app.inject({ url: '/fhir/whoami', headers: { authorization: `Bearer ${token}` } })
  assert.equal(refused.json().code, 'token-revoked')
  const kept = await app.inject({ url: '/fhir/whoami', headers: { authorization: `Bearer ${administrator}` } })
  assert.equal(kept.statusCode, 200)
  await app.close()
})

test('the token endpoint limits requests of one address', async () => {
  const limited = await network.start('hilltop', { requestsPerMinuteMax: 5 })
  const statuses: number[] = []
  for (let i = 0; i < 7; i++) statuses.push((await postForm(`${limited.url}/oauth/token`, {})).status)
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429, 429])
  assert.equal((await fetch(`${limited.url}/.well-known/smart-configuration`)).status, 200)
})

test('browser apps of other origins find the server and ask it for tokens', async () => {
  const found = await fetch(`${riverside.url}/fhir/.well-known/smart-configuration`)
  assert.equal(found.headers.get('access-control-allow-origin'), '*')
  assert.equal(found.headers.get('access-control-allow-credentials'), null)
  const preflight = await fetch(`${riverside.url}/oauth/token`, { method: 'OPTIONS' })
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ed25519Signer, randomBytes, signPatientRequest, toHex, utf8 } from '@salus/core'
import { type Answer, answer, type TestMember, TestNetwork } from './test-network.ts'

const network = new TestNetwork()
const patient = ed25519Signer(randomBytes(32))
let riverside: TestMember
let lakeside: TestMember

before(async () => {
  riverside = await network.start('riverside')
  lakeside = await network.start('lakeside')
})
after(() => network.stop())

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly body?: string
}

function sign({ method = 'GET', path = '/patient/files?a=1', body = '' }: Asked, change = {}): Promise<string> {
  const unsigned = { audience: riverside.id, method, path, body: utf8(body), timeMs: Date.now(), ...change }
  return signPatientRequest(patient, unsigned)
}

async function send(authorization: string, asked: Asked, member = riverside): Promise<Answer> {
  const { method = 'GET', path = '/patient/files?a=1', body } = asked
  const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  return answer(await fetch(member.url + path, { method, headers, ...(body === undefined ? {} : { body }) }))
}

async function code(authorization: string, asked: Asked = {}, member = riverside): Promise<string> {
  const { status, headers, body } = await send(authorization, asked, member)
  assert.equal(status, 401)
  assert.match(headers.get('www-authenticate') ?? '', /^Salus-Patient /)
  return body.code
}

test('a signed request tells the key that signed it, with and without a body', async () => {
  const read = await send(await sign({}), {})
  assert.deepEqual(read.body, { scheme: 'ed25519', key: toHex(patient.publicKey.bytes) })
  const posted = { method: 'POST', path: '/patient/x', body: '{ "a": "é" }' }
  assert.equal((await send(await sign(posted), posted)).status, 200)
})

test('a signature serves once', async () => {
  const authorization = await sign({})
  assert.equal((await send(authorization, {})).status, 200)
  assert.equal(await code(authorization), 'patient-signature-replayed')
})

test('a signature serves for nothing else', async () => {
  const posted = { method: 'POST', path: '/patient/x', body: '{"a":1}' }
  assert.equal(await code(await sign({}), { path: '/patient/files?a=2' }), 'patient-signature-path')
  assert.equal(await code(await sign({}), { path: '/patient/files' }), 'patient-signature-path')
  assert.equal(await code(await sign({}), { method: 'DELETE' }), 'patient-signature-path')
  assert.equal(await code(await sign(posted), { ...posted, body: '{"a":2}' }), 'patient-signature-body')
  assert.equal(await code(await sign(posted), { method: 'POST', path: '/patient/x' }), 'patient-signature-body')
  assert.equal(await code(await sign({}), {}, lakeside), 'patient-signature-audience')
})

test('a signature serves for two minutes around its time, and never for one before the node started', async () => {
  assert.equal(await code(await sign({}, { timeMs: Date.now() + 125_000 })), 'patient-signature-time')
  assert.equal(await code(await sign({}, { timeMs: Date.now() - 60_000 })), 'patient-signature-time')
  const authorization = await sign({})
  riverside.clock.offsetMs = 121_000
  assert.equal(await code(authorization), 'patient-signature-time')
  riverside.clock.offsetMs = 0
})

test('a nonce is remembered for as long as its request is valid, and then forgotten', async () => {
  const early = await sign({}, { timeMs: Date.now() + 115_000 })
  assert.equal((await send(early, {})).status, 200)
  for (const offsetMs of [110_000, 230_000]) {
    riverside.clock.offsetMs = offsetMs
    assert.equal((await send(await sign({}, { timeMs: Date.now() + offsetMs }), {})).status, 200)
    assert.equal(await code(early), 'patient-signature-replayed')
  }
  riverside.clock.offsetMs = 0
})

test('another key, an altered struct and text that is no signature are refused', async () => {
  const [content = '', signature = ''] = (await sign({})).split('.')
  const [, foreign] = (await sign({})).split('.')
  assert.equal(await code(`${content}.${foreign}`), 'patient-signature-invalid')
  const bad = ['', 'Bearer abc', 'Salus-Patient', 'Salus-Patient .', `${content}`, `${content}.${signature}.x`]
  for (const text of [...bad, `${content}x.${signature}`, `Salus-Patient ${'A'.repeat(9000)}.AAAA`]) {
    assert.match(await code(text), /^patient-signature-(malformed|missing)$/)
  }
})

test('a key that nobody has enrolled is refused before anything is remembered of it', async () => {
  const closed = await network.start('closed', { isEnrolled: () => false })
  const unsigned = {
    audience: closed.id,
    method: 'GET',
    path: '/patient/whoami',
    timeMs: Date.now(),
    body: new Uint8Array(0),
  }
  const authorization = await signPatientRequest(ed25519Signer(randomBytes(32)), unsigned)
  const reply = await fetch(`${closed.url}/patient/whoami`, { headers: { authorization } })
  assert.equal(reply.status, 401)
  assert.match(await reply.text(), /patient-signature-unknown/)
})

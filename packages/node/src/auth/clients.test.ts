import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { JWK } from 'jose'
import type { ClientStore } from './clients.ts'
import { TestNetwork } from './test-network.ts'

const network = new TestNetwork()
const systemKey: JWK = {
  ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
  kid: '1',
}
let clients: ClientStore

before(async () => {
  clients = (await network.start('riverside')).auth.clients
})
after(() => network.stop())

test('registrations are checked, and private keys are not kept', async () => {
  const { d: _secret, ...publicKey } = systemKey
  const base = { id: 'x', name: 'x', kind: 'operator', practitioner: null, scopes: 'system/*.rs' } as const
  const refused = (change: object) => clients.register({ ...base, jwks: { keys: [publicKey] }, ...change })
  await assert.rejects(refused({ id: 'a'.repeat(32) }), { code: 'client-malformed' })
  await assert.rejects(refused({ kind: 'practitioner' }), { code: 'client-malformed' })
  await assert.rejects(refused({ scopes: 'user/*.rs' }), { code: 'client-scope-context' })
  await assert.rejects(refused({ scopes: 'patient/*.rs' }), { code: 'client-scope-context' })
  await assert.rejects(refused({ jwks: { keys: [] } }), { code: 'client-key-malformed' })
  await assert.rejects(refused({ jwks: { keys: [{ kty: 'oct', k: 'AAAA', kid: '1' }] } }), {
    code: 'client-key-malformed',
  })
  await assert.rejects(refused({ jwks: { keys: [publicKey, publicKey] } }), { code: 'client-key-malformed' })
  await assert.rejects(refused({ jwks: { keys: [{ ...publicKey, y: publicKey.x }] } }), {
    code: 'client-key-malformed',
  })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  await assert.rejects(refused({ jwks: { keys: [{ ...short, kid: '1' }] } }), { code: 'client-key-malformed' })
  await clients.register({ ...base, jwks: { keys: [systemKey] } })
  assert.equal(JSON.stringify(await clients.find('x')).includes('"d"'), false)
  assert.equal(await clients.remove('x'), true)
  assert.equal(await clients.find('x'), undefined)
})

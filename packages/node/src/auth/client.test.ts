import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { randomBytes, SalusError } from '@salus/core'
import { MemberTokenClient } from './client.ts'
import { type TestMember, TestNetwork, whoami } from './test-network.ts'

const TREAT = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }
const BTG = { ...TREAT, code: 'BTG' }
const USE = { practitioner: 'Practitioner/7', purpose: TREAT, emergency: null }

const network = new TestNetwork()
let riverside: TestMember
let lakeside: TestMember

before(async () => {
  riverside = await network.start('riverside')
  lakeside = await network.start('lakeside')
})
after(() => network.stop())

test('the exchange gets tokens of other members, one for each use, and renews them', async () => {
  const clock = { offsetMs: 0 }
  const client = new MemberTokenClient(
    lakeside.members,
    () => lakeside.seed,
    () => Date.now() + clock.offsetMs,
  )
  const [first, same] = await Promise.all([client.tokenFor(riverside.id, USE), client.tokenFor(riverside.id, USE)])
  assert.equal(first, same)
  const emergency = { practitioner: 'Practitioner/7', purpose: BTG, emergency: 'unconscious, reason é' }
  const other = await client.tokenFor(riverside.id, emergency)
  assert.notEqual(first, other)
  const { body } = await whoami(riverside, other)
  assert.deepEqual(body.asserted, { purpose: BTG, emergency: 'unconscious, reason é' })
  const system = await client.tokenFor(riverside.id, { ...USE, practitioner: null })
  const asSystem = await whoami(riverside, system)
  assert.deepEqual([asSystem.body.practitioner, asSystem.body.scopes[0]?.context], [null, 'system'])
  clock.offsetMs = 200_000
  assert.equal(await client.tokenFor(riverside.id, USE), first)
  clock.offsetMs = 271_000
  await assert.rejects(client.tokenFor(riverside.id, USE), {
    code: 'exchange-token-refused',
    details: {
      error: 'invalid_client',
      description: 'assertion-lifetime: the client assertion is not acceptable: it expires too far ahead',
    },
  })
  await assert.rejects(client.tokenFor('0'.repeat(32), USE), { code: 'member-unknown' })
  network.change(riverside.id, { status: 'suspended' })
  await assert.rejects(client.tokenFor(riverside.id, USE), { code: 'member-suspended' })
  network.change(riverside.id, { status: 'active' })
})

test('the exchange follows no redirect, and takes no answer that is too large or no token', async () => {
  let reply: (response: ServerResponse) => void = () => undefined
  const server = createServer((_request, response) => reply(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const odd = 'f'.repeat(32)
  network.admit(odd, 'odd', 'Odd', randomBytes(32), `http://127.0.0.1:${port}/`)
  const client = new MemberTokenClient(lakeside.members, () => lakeside.seed)
  const outcome = async (status: number, body: string, headers = {}): Promise<string> => {
    reply = (response) => response.writeHead(status, headers).end(body)
    const error = await client.tokenFor(odd, USE).catch((cause: unknown) => cause)
    return error instanceof SalusError ? error.code : 'no error'
  }
  const location = `${riverside.url}/oauth/token`
  assert.equal(await outcome(307, '', { location }), 'exchange-unreachable')
  assert.equal(await outcome(200, JSON.stringify({ a: 'x'.repeat(100_000) })), 'exchange-answer')
  assert.equal(await outcome(200, 'token'), 'exchange-answer')
  assert.equal(await outcome(200, '{"access_token":"a b","token_type":"Bearer","expires_in":9}'), 'exchange-answer')
  assert.equal(await outcome(500, '{}'), 'exchange-token-refused')
  server.close()
  assert.equal(await outcome(200, ''), 'exchange-unreachable')
})

/** What writes, counts and bundles release, and under which URLs: what the gate is told must be what was read. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { REPLY_BYTES_MAX } from '../../limits.ts'
import { BASE, codeOf, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
  for (const id of ['a', 'b']) {
    const identifier = [{ system: 'urn:x', value: id }]
    await server.call('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, identifier, active: true } })
    const observation = { resourceType: 'Observation', id, status: 'final', code: { text: 'x' } }
    const body = { ...observation, subject: { reference: `Patient/${id}` } }
    await server.call('PUT', `/Observation/${id}`, { body })
  }
})
after(() => server.close())
beforeEach(() => {
  server.gate.records.length = 0
  server.gate.filters.clear()
})

function released(): readonly (readonly string[] | string)[] {
  return server.gate.records.map((record) => record.released)
}

const PATCH = { 'content-type': 'application/json-patch+json' }

/** A patch as an entry of a bundle carries it. */
function patchBinary(patch: unknown): object {
  const data = Buffer.from(JSON.stringify(patch)).toString('base64')
  return { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
}

async function versionOf(path: string): Promise<string> {
  const { headers } = await server.call('GET', path)
  server.gate.records.length = 0
  return `${path.slice(1)}/${/"(.*)"/.exec(String(headers.etag))?.[1]}`
}

test('a patch discloses the version that it reads, also where it changes nothing or its test fails', async () => {
  const before = await versionOf('/Patient/a')
  const fails = await server.call('PATCH', '/Patient/a', {
    body: [{ op: 'test', path: '/active', value: false }],
    headers: PATCH,
  })
  assert.equal(codeOf(fails), 'patch-test-failed')
  assert.deepEqual(released(), [[before]])
  server.gate.records.length = 0
  await server.call('PATCH', '/Patient/a', { body: [{ op: 'test', path: '/active', value: true }], headers: PATCH })
  assert.deepEqual(released(), [[before]])
  for (const [path, body] of [
    ['/Patient/a', []],
    ['/Patient?identifier=urn:x|a', []],
    ['/Patient/a', [{ op: 'remove', path: '/photo' }]],
    ['/Patient/a', {}],
  ] as const) {
    const read = await versionOf('/Patient/a')
    await server.call('PATCH', path, { body, headers: PATCH })
    assert.deepEqual(released(), [[read]], JSON.stringify([path, body]))
  }
  const read = await versionOf('/Patient/a')
  const entry = [{ request: { method: 'PATCH', url: 'Patient/a' }, resource: patchBinary([]) }]
  for (const type of ['batch', 'transaction']) {
    server.gate.records.length = 0
    const last = type === 'batch' ? read : await versionOf('/Patient/a')
    const reply = await server.call('POST', '/', { body: { resourceType: 'Bundle', type, entry } })
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(released(), [[last]], type)
  }
})

test('a condition discloses what it matches', async () => {
  const query = '?identifier=urn:x|b'
  const body = { resourceType: 'Patient', active: true, identifier: [{ system: 'urn:x', value: 'b' }] }
  const headers = { 'if-none-exist': query.slice(1), prefer: 'return=minimal' }
  for (const [method, path, options] of [
    ['POST', '/Patient', { body, headers }],
    ['PUT', `/Patient${query}`, { body }],
    ['PATCH', `/Patient${query}`, { body: [{ op: 'replace', path: '/active', value: true }], headers: PATCH }],
  ] as const) {
    const before = await versionOf('/Patient/b')
    const reply = await server.call(method, path, options)
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(released(), [[before]], method)
  }
  const many = await server.call('DELETE', '/Patient?identifier=urn:x|a,urn:x|b')
  assert.equal(codeOf(many), 'condition-matches-many')
  assert.equal(server.gate.records.at(-1)?.released.length, 2)
})

test('the conditions of a transaction disclose what they match', async () => {
  const before = await versionOf('/Patient/a')
  const ifNoneExist = 'identifier=urn:x|a'
  const subject = { reference: 'Patient?identifier=urn:x|a' }
  const entry = [
    { request: { method: 'POST', url: 'Patient', ifNoneExist }, resource: { resourceType: 'Patient' } },
    {
      request: { method: 'POST', url: 'Observation' },
      resource: { resourceType: 'Observation', status: 'final', code: { text: 'y' }, subject },
    },
  ]
  const reply = await server.call('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual(released(), [[before]])
})

test('the reply of a write shows a resource only to who may read it', async () => {
  const reply = await server.call('PUT', '/Patient/w', { as: 'writer', body: { resourceType: 'Patient', id: 'w' } })
  assert.deepEqual([reply.status, reply.text, reply.headers.etag], [201, '', 'W/"1"'])
  const body = [{ op: 'add', path: '/active', value: true }]
  assert.equal((await server.call('PATCH', '/Patient/w', { as: 'writer', body, headers: PATCH })).text, '')
  assert.notEqual((await server.call('PATCH', '/Patient/w', { body, headers: PATCH })).text, '')
  const chained = await server.call('PUT', '/Patient?organization.name=x', {
    as: 'writer',
    body: { resourceType: 'Patient' },
  })
  assert.equal(codeOf(chained), 'insufficient-scope')
})

test('another member’s user sees the URLs of the gateway, and may search by them', async () => {
  const gateway = 'http://other.example/exchange/custodian/fhir'
  server.gate.filters.set('a', { op: 'all' })
  const as = 'member'
  for (const path of ['/Observation?subject=Patient/a', '/Patient/a/$everything', '/Observation/a/_history']) {
    const { json } = await server.call('GET', path, { as })
    assert.ok(json.entry.length > 0)
    for (const { fullUrl } of json.entry) assert.ok(fullUrl.startsWith(`${gateway}/`), fullUrl)
  }
  for (const base of [gateway, BASE]) {
    const { json } = await server.call('GET', `/Observation?_id=a&subject=${base}/Patient/a`, { as })
    assert.equal(json.total, 1, base)
    assert.deepEqual(server.gate.records.at(-1)?.ask.patients, ['a'])
  }
  assert.equal((await server.call('GET', `/Observation?_id=a&subject=${BASE}/Patient/a`)).json.total, 1)
  const entry = [{ request: { method: 'GET', url: `${gateway}/Observation/a` } }]
  const batch = await server.call('POST', '/', { as, body: { resourceType: 'Bundle', type: 'batch', entry } })
  assert.match(String(batch.json.entry[0]?.response.status), /^200/)
})

test('the history of a resource that was brought back says that it was created', async () => {
  const body = { resourceType: 'Patient', id: 'back' }
  for (const method of ['PUT', 'PUT', 'DELETE', 'PUT'] as const) {
    await server.call(method, '/Patient/back', method === 'DELETE' ? {} : { body })
  }
  for (const path of ['/Patient/back/_history', '/Patient/back/_history?_count=1']) {
    const { json } = await server.call('GET', path)
    const statuses = json.entry.map(({ response }) => response.status)
    assert.deepEqual(statuses, ['201', '204', '200', '201'].slice(0, statuses.length))
  }
})

test('a count discloses something about those whose resources it counts', async () => {
  for (const query of ['/Observation?_id=a&_summary=count', '/Observation?_id=a&_count=0']) {
    assert.equal((await server.call('GET', query)).json.total, 1)
    const last = server.gate.records.at(-1)
    assert.deepEqual([last?.released, last?.counted], [[], ['a']])
  }
  assert.equal((await server.call('GET', '/Observation?_id=none&_summary=count')).json.total, 0)
  assert.deepEqual(server.gate.records.at(-1)?.counted, [])
})

test('a reply that would hold too much is refused, and nothing of it is recorded', async () => {
  const data = Buffer.alloc(3 * 1024 * 1024).toString('base64')
  const count = Math.floor(REPLY_BYTES_MAX / data.length) + 1
  for (let n = 0; n < count; n++) {
    await server.vault.writer.write([
      { kind: 'put', method: 'PUT', resource: { resourceType: 'Binary', id: `big${n}`, contentType: 'x/y', data } },
    ])
  }
  for (const path of ['/Binary', '/Binary/_history']) {
    const refused = await server.call('GET', path)
    assert.deepEqual([refused.status, codeOf(refused)], [400, 'reply-too-large'])
    assert.match(refused.text, /"code":"too-costly"/)
  }
  assert.deepEqual(server.gate.records, [])
  assert.equal((await server.call('GET', '/Binary?_count=2')).status, 200)
  server.gate.records.length = 0
  const entry = Array.from({ length: count }, (_, n) => ({ request: { method: 'GET', url: `Binary/big${n}` } }))
  const batch = await server.call('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  const last = batch.json.entry.at(-1)?.response
  assert.match(String(last?.status), /^400/)
  assert.equal(last?.outcome.issue[0]?.details.coding[0]?.code, 'reply-too-large')
  assert.equal(server.gate.records.length, count - 1)
  const transaction = await server.call('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  assert.deepEqual([transaction.status, codeOf(transaction)], [400, 'reply-too-large'])
})

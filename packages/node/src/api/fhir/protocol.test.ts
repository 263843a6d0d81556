/** What holds for every request: negotiation, errors, scopes, members, and that nothing makes the server fail. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { codeOf, type ReplyJson, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
  const body = { resourceType: 'Patient', id: 'p', active: true }
  await server.call('PUT', '/Patient/p', { body })
  const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } }
  await server.call('PUT', '/Observation/o', { body: { ...observation, subject: { reference: 'Patient/p' } } })
})
after(() => server.close())

test('the API answers over a socket', async () => {
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  const headers = { authorization: 'Bearer operator', 'accept-encoding': 'identity' }
  const read = await fetch(`${address}/fhir/Patient/p`, { headers })
  assert.equal(read.status, 200)
  assert.equal(((await read.json()) as { id: string }).id, 'p')
  const head = await fetch(`${address}/fhir/Patient/p`, { headers, method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('content-type'), 'application/fhir+json; charset=utf-8')
  assert.ok(Number(head.headers.get('content-length')) > 0)
})

test('without a token nothing but the capabilities can be had', async () => {
  const refused = await server.app.inject({ method: 'GET', url: '/fhir/Patient/p' })
  assert.equal(refused.statusCode, 401)
  assert.match(String(refused.headers['www-authenticate']), /^Bearer/)
  const open = await server.app.inject({ method: 'GET', url: '/fhir/metadata' })
  assert.equal(open.statusCode, 200)
  const statement = open.json() as ReplyJson
  assert.equal(statement.resourceType, 'CapabilityStatement')
  assert.equal(statement.fhirVersion, '4.0.1')
  const patient = statement.rest[0]?.resource.find(({ type }) => type === 'Patient')
  assert.ok(patient?.searchParam.some(({ name }) => name === 'birthdate'))
  assert.ok(patient?.interaction.some(({ code }) => code === 'patch'))
  assert.equal(Number(statement.rest[0]?.resource.length) > 140, true)
  const validated = await server.call('POST', '/CapabilityStatement/$validate', { body: statement })
  assert.equal(validated.json.issue[0]?.severity, 'information', validated.text)
})

test('formats, media types, methods and paths that there are not', async () => {
  assert.equal((await server.call('GET', '/Patient/p?_format=xml')).status, 406)
  assert.equal((await server.call('GET', '/Patient/p', { headers: { accept: 'application/fhir+xml' } })).status, 406)
  assert.equal((await server.call('GET', '/Patient/p?_format=json')).status, 200)
  const xml = await server.call('POST', '/Patient', {
    body: '<Patient/>',
    headers: { 'content-type': 'application/xml' },
  })
  assert.equal(xml.status, 415)
  const latin = { 'content-type': 'application/fhir+json; charset=latin1' }
  assert.equal((await server.call('POST', '/Patient', { body: '{}', headers: latin })).status, 415)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await server.call('POST', '/Patient', { body: 'a=b', headers: form })).status, 415)
  const method = await server.call('POST', '/Patient/p')
  assert.equal(method.status, 405)
  assert.equal(method.headers.allow, 'DELETE, GET, HEAD, PATCH, PUT')
  const patch = { body: 'x', headers: { 'content-type': 'text/plain' } }
  for (const headers of [patch.headers, form, { 'content-type': '' }]) {
    const refused = await server.call('PATCH', '/Patient/p', { ...patch, headers })
    assert.equal(refused.status, 415)
    assert.match(String(refused.json.issue[0]?.diagnostics), /application\/json-patch\+json/)
  }
  for (const conditional of ['DELETE', 'PUT', 'PATCH']) {
    const refused = await server.call(conditional, '/Patient')
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD, POST'], conditional)
    assert.match(String(refused.json.issue[0]?.diagnostics), /needs search criteria/)
  }
  const other = await server.call('PUT', '/Patient/p/_history')
  assert.doesNotMatch(String(other.json.issue[0]?.diagnostics), /criteria/)
  assert.equal(codeOf(await server.call('GET', '/Nothing/p')), 'type-unknown')
  assert.equal((await server.call('GET', '/Patient/no-such')).status, 404)
  assert.equal(codeOf(await server.call('GET', '/a/b/c/d/e')), 'path-unknown')
  const big = await server.call('POST', '/Patient', { body: `{"a":"${'x'.repeat(5 * 1024 * 1024)}"}` })
  assert.equal(big.status, 413)
  const long = await server.call('GET', `/Patient?name=${'x'.repeat(20_000)}`)
  assert.equal(codeOf(long), 'query-too-long')
})

test('scopes bind', async () => {
  const as = 'observations'
  assert.equal((await server.call('GET', '/Observation/o', { as })).status, 200)
  assert.equal((await server.call('GET', '/Observation', { as })).status, 200)
  for (const [method, path] of [
    ['GET', '/Condition/c'],
    ['GET', '/Patient?name=x'],
    ['DELETE', '/Observation/o'],
    ['GET', '/_history'],
    ['GET', '/?_type=Patient'],
  ] as const) {
    const refused = await server.call(method, path, { as })
    assert.equal(refused.status, 403, `${method} ${path}`)
    assert.equal(codeOf(refused), 'insufficient-scope')
  }
  assert.equal((await server.call('GET', '/Patient/p', { as: 'launched' })).status, 403)
  const included = await server.call('GET', '/Observation?_include=Observation:subject', { as })
  assert.deepEqual(
    included.json.entry.map((entry) => entry.search.mode),
    ['match', 'include'],
  )
  const all = await server.call('GET', '/Patient/p/$everything', { as })
  assert.deepEqual(
    new Set(all.json.entry.map((entry) => entry.resource.resourceType)),
    new Set(['Patient', 'Observation']),
  )
})

test('members read what is covered; absent and withheld look alike; they never write', async () => {
  const as = 'member'
  const absent = await server.call('GET', '/Observation/no-such', { as })
  const withheld = await server.call('GET', '/Observation/o', { as })
  assert.equal(withheld.status, 403)
  assert.equal(codeOf(withheld), 'access-refused')
  assert.equal(withheld.text, absent.text)
  server.gate.filters.set('p', { op: 'type', types: ['Observation'] })
  assert.equal((await server.call('GET', '/Observation/o', { as })).status, 200)
  assert.equal((await server.call('GET', '/Patient/p', { as })).status, 403)
  const found = await server.call('GET', '/Observation?patient=p', { as })
  assert.equal(found.json.entry[0]?.fullUrl, 'http://other.example/exchange/custodian/fhir/Observation/o')
  assert.match(String(found.json.link[0]?.url), /^http:\/\/other\.example\/exchange\/custodian\/fhir\/Observation\?/)
  for (const [method, path] of [
    ['POST', '/Patient'],
    ['PUT', '/Patient/p'],
    ['DELETE', '/Patient/p'],
    ['PATCH', '/Patient/p'],
  ] as const) {
    const refused = await server.call(method, path, { as, body: { resourceType: 'Patient', id: 'p' } })
    assert.equal(codeOf(refused), 'write-not-allowed', method)
  }
  const transaction = { resourceType: 'Bundle', type: 'transaction', entry: [] }
  assert.equal(codeOf(await server.call('POST', '/', { as, body: transaction })), 'write-not-allowed')
})

test('ids may be as long as the standard says', async () => {
  const id = 'x'.repeat(64)
  await server.call('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } })
  const version = await server.call('GET', `/Patient/${id}/_history/1`)
  assert.equal(version.json.id, id)
  assert.equal((await server.call('GET', `/Patient/${id}/_history/${'9'.repeat(64)}`)).status, 404)
  assert.equal((await server.call('GET', `/MedicinalProductUndesirableEffect/${id}/_history`)).status, 404)
})

test('the base itself takes bundles and searches, with a slash or without', async () => {
  for (const path of ['', '/']) {
    const found = await server.call('GET', `${path}?_type=Patient&_id=p`)
    assert.equal(found.json.total, 1)
    const body = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: '?_type=Patient' } }],
    }
    const reply = await server.call('POST', path, { body })
    assert.equal(reply.json.entry[0]?.resource.type, 'searchset')
  }
})

test('bytes that are not UTF-8 are refused, and an empty body brings no resource', async () => {
  const headers = { authorization: 'Bearer operator', 'content-type': 'application/fhir+json' }
  const payload = Buffer.from([0x22, 0xff, 0x22])
  const reply = await server.app.inject({ method: 'POST', url: '/fhir/Patient', headers, payload })
  assert.equal(reply.statusCode, 400)
  const nothing = await server.call('POST', '/Patient', { body: '' })
  assert.equal(codeOf(nothing), 'resource-missing')
  const deletion = await server.app.inject({ method: 'DELETE', url: '/fhir/Patient/never-was', headers })
  assert.equal(deletion.statusCode, 204)
})

test('purpose and emergency reason come from headers, and are checked', async () => {
  await server.call('GET', '/Patient/p', { headers: { 'x-emergency-reason': 'unconscious' } })
  assert.equal(server.gate.records.at(-1)?.ask.purpose.code.code, 'BTG')
  const malformed = await server.call('GET', '/Patient/p', { headers: { 'x-purpose-of-use': 'BTG' } })
  assert.equal(malformed.status, 403)
  assert.equal(codeOf(malformed), 'emergency-reason-required')
})

test('failures of the node tell nothing', async () => {
  const { reader } = server.vault
  const failing = Object.getPrototypeOf(reader) as { read: unknown }
  const original = failing.read
  failing.read = () => Promise.reject(new TypeError('secret of patient p'))
  try {
    const reply = await server.call('GET', '/Patient/p?secret=1')
    assert.equal(reply.status, 500)
    assert.equal(codeOf(reply), 'internal')
    assert.doesNotMatch(reply.text, /secret/)
    assert.match(server.logged.join(''), /TypeError/)
    assert.doesNotMatch(server.logged.join(''), /secret|Patient\/p/)
  } finally {
    failing.read = original
  }
})

const PATHS = ['/', '/Patient', '/Patient/p', '/Observation', '/Patient/p/*', '/Patient/p/$everything', '/_history']
const NAMES = ['_id', 'name', 'birthdate', 'subject:Patient.name', '_has:Observation:patient:code', '_include', '_sort']
const MORE = [
  '_count',
  '_cursor',
  '_since',
  '_elements',
  '_summary',
  '_lastUpdated',
  'identifier:of-type',
  '_total',
  '',
]
const VALUES = ['', '|', 'a|b', 'ge2020', '9'.repeat(40), '%', '\u0000', '*', 'Patient:x', '-', ',', '$', '\\', '1e400']

test('no query makes the server fail', async () => {
  const parameter = fc.tuple(
    fc.oneof(fc.constantFrom(...NAMES, ...MORE), fc.string({ maxLength: 12 })),
    fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20, unit: 'binary' })),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), fc.array(parameter, { maxLength: 4 }), async (path, parameters) => {
      const query = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
      const reply = await server.call('GET', `${path}?${query}`)
      assert.ok(reply.status < 500, `${path}?${query}: ${reply.text} ${server.logged.at(-1)}`)
    }),
    { numRuns: 300 },
  )
})

/** Encodes lone surrogates too, as the bytes that a careless client sends. */
function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80'
}

test('no body makes the server fail', async () => {
  const bundle = JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl: 'urn:uuid:1', request: { method: 'POST', url: 'Patient' }, resource: { resourceType: 'Patient' } },
      { request: { method: 'GET', url: 'Patient?name=x' } },
    ],
  })
  const mutation = fc.tuple(
    fc.nat(bundle.length),
    fc.nat(20),
    fc.constantFrom('', '0', '"', '{', '[', 'null', 'é', '"x"'),
  )
  const mutated = fc
    .array(mutation, { minLength: 1, maxLength: 3 })
    .map((mutations) =>
      mutations.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), bundle),
    )
  const body = fc.oneof(
    mutated,
    fc.json(),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('POST', 'PUT', 'PATCH'),
      fc.constantFrom(...PATHS),
      body,
      async (method, path, text) => {
        const reply = await server.call(method, path, { body: text })
        assert.ok(reply.status < 500, `${method} ${path} ${text}: ${reply.text} ${server.logged.at(-1)}`)
      },
    ),
    { numRuns: 300 },
  )
})

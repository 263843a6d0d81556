/** Interactions with one resource, over HTTP semantics: create, read, vread, update, patch, delete, history. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BASE, codeOf, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const PATIENT = { resourceType: 'Patient', active: true, name: [{ family: 'Nobody' }], birthDate: '1980-02-29' }

async function created(resource: object): Promise<string> {
  const { resourceType } = resource as { resourceType: string }
  const reply = await server.call('POST', `/${resourceType}`, { body: resource })
  assert.equal(reply.status, 201, reply.text)
  return reply.json.id
}

test('create answers with location, version and the stored bytes; read returns the same bytes', async () => {
  const made = await server.call('POST', '/Patient', { body: PATIENT })
  assert.equal(made.status, 201)
  assert.equal(made.headers.location, `${BASE}/Patient/${made.json.id}/_history/1`)
  assert.equal(made.headers.etag, 'W/"1"')
  assert.match(String(made.headers['content-type']), /^application\/fhir\+json; charset=utf-8$/)
  assert.ok(Date.parse(String(made.headers['last-modified'])) > 0)
  const read = await server.call('GET', `/Patient/${made.json.id}`)
  assert.equal(read.status, 200)
  assert.equal(read.text, made.text)
  assert.deepEqual(server.gate.records.at(-1)?.released, [`Patient/${made.json.id}/1`])
  const head = await server.app.inject({
    method: 'HEAD',
    url: `/fhir/Patient/${made.json.id}`,
    headers: { authorization: 'Bearer operator' },
  })
  assert.equal(head.statusCode, 200)
  assert.equal(head.headers.etag, 'W/"1"')
  assert.equal(head.body, '')
})

test('decimals keep their spelling', async () => {
  const body =
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"kg"}}'
  const made = await server.call('POST', '/Observation', { body })
  assert.match(made.text, /"value":1\.50,/)
  const pretty = await server.call('GET', `/Observation/${made.json.id}?_pretty=true`)
  assert.match(pretty.text, /\n {4}"value": 1\.50,/)
})

test('a patch keeps the spelling of decimals, those of the resource and its own', async () => {
  const body =
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"kg"},' +
    '"referenceRange":[{"low":{"value":1.10},"high":{"value":9.0}}]}'
  const { json } = await server.call('POST', '/Observation', { body })
  const headers = { 'content-type': 'application/json-patch+json' }
  const operations = '[{"op":"replace","path":"/valueQuantity/value","value":7.70}]'
  const patched = await server.call('PATCH', `/Observation/${json.id}`, { body: operations, headers })
  assert.equal(patched.status, 200, patched.text)
  assert.match(patched.text, /"value":7\.70\}.*"low":\{"value":1\.10\},"high":\{"value":9\.0\}/)
  const data = Buffer.from(operations.replace('7.70', '8.80')).toString('base64')
  const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const entry = [{ request: { method: 'PATCH', url: `Observation/${json.id}` }, resource }]
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
  const reply = await server.call('POST', '/', { body: bundle })
  assert.equal(reply.status, 200, reply.text)
  assert.match((await server.call('GET', `/Observation/${json.id}`)).text, /"value":8\.80/)
})

test('a conditional patch changes the one match', async () => {
  const headers = { 'content-type': 'application/json-patch+json' }
  const body = '[{"op":"replace","path":"/active","value":false}]'
  const query = '/Patient?identifier=urn:x|patched'
  const none = await server.call('PATCH', query, { body, headers })
  assert.deepEqual([none.status, codeOf(none)], [404, 'not-found'])
  const identified = { ...PATIENT, identifier: [{ system: 'urn:x', value: 'patched' }] }
  const id = await created(identified)
  const patched = await server.call('PATCH', query, { body, headers })
  assert.deepEqual([patched.status, patched.json.id, patched.json.active], [200, id, false])
  await created(identified)
  const many = await server.call('PATCH', query, { body, headers })
  assert.deepEqual([many.status, codeOf(many)], [412, 'condition-matches-many'])
})

test('a client that has what was last modified hears so', async () => {
  const id = await created(PATIENT)
  const { headers } = await server.call('GET', `/Patient/${id}`)
  const since = { 'if-modified-since': String(headers['last-modified']) }
  assert.equal((await server.call('GET', `/Patient/${id}`, { headers: since })).status, 304)
})

test('update makes versions, and If-Match guards them', async () => {
  const id = await created(PATIENT)
  const body = { ...PATIENT, id, active: false }
  const second = await server.call('PUT', `/Patient/${id}`, { body, headers: { 'if-match': 'W/"1"' } })
  assert.equal(second.status, 200)
  assert.equal(second.headers.etag, 'W/"2"')
  assert.equal(second.headers['content-location'], `${BASE}/Patient/${id}/_history/2`)
  const stale = await server.call('PUT', `/Patient/${id}`, { body, headers: { 'if-match': 'W/"1"' } })
  assert.equal(stale.status, 412)
  assert.equal(codeOf(stale), 'version-conflict')
  const first = await server.call('GET', `/Patient/${id}/_history/1`)
  assert.equal(first.json.active, true)
  assert.equal((await server.call('GET', `/Patient/${id}/_history/3`)).status, 404)
  const mismatch = await server.call('PUT', `/Patient/other`, { body })
  assert.equal(codeOf(mismatch), 'id-mismatch')
})

test('update creates what is not there, and brings back what was deleted', async () => {
  const body = { ...PATIENT, id: 'chosen' }
  assert.equal((await server.call('PUT', '/Patient/chosen', { body })).status, 201)
  assert.equal((await server.call('DELETE', '/Patient/chosen')).status, 204)
  const gone = await server.call('GET', '/Patient/chosen')
  assert.equal(gone.status, 410)
  assert.equal(codeOf(gone), 'gone')
  assert.equal((await server.call('DELETE', '/Patient/chosen')).status, 204)
  const back = await server.call('PUT', '/Patient/chosen', { body })
  assert.equal(back.status, 201)
  assert.equal(back.headers.etag, 'W/"3"')
  assert.equal((await server.call('DELETE', '/Patient/never-was')).status, 204)
})

test('history lists versions, newest first, and pages', async () => {
  await server.call('PUT', '/Patient/aged', { body: { ...PATIENT, id: 'aged' } })
  await server.call('PUT', '/Patient/aged', { body: { ...PATIENT, id: 'aged', active: false } })
  await server.call('DELETE', '/Patient/aged')
  const { json } = await server.call('GET', '/Patient/aged/_history')
  assert.equal(json.type, 'history')
  assert.equal(json.total, 3)
  const told = json.entry.map((entry) => [entry.request.method, entry.response.status, entry.response.etag])
  assert.deepEqual(told, [
    ['DELETE', '204', 'W/"3"'],
    ['PUT', '200', 'W/"2"'],
    ['PUT', '201', 'W/"1"'],
  ])
  assert.equal(json.entry[0]?.resource, undefined)
  const seen: string[] = []
  let url: string | undefined = `${BASE}/Patient/aged/_history?_count=1`
  while (url !== undefined) {
    const page = await server.call('GET', url)
    seen.push(...page.json.entry.map((entry) => entry.response.etag))
    url = page.json.link.find((link) => link.relation === 'next')?.url
  }
  assert.deepEqual(seen, ['W/"3"', 'W/"2"', 'W/"1"'])
  assert.equal((await server.call('GET', '/Patient/never-was/_history')).status, 404)
  assert.equal((await server.call('GET', '/Patient/never-was/_history?_since=2000')).status, 404)
  assert.equal((await server.call('GET', '/Patient/aged/_history?_since=2100')).json.total, 0)
  assert.equal((await server.call('GET', '/Patient/_history?_since=2100-01-01')).json.total, 0)
  assert.equal(codeOf(await server.call('GET', '/_history?_since=soon')), 'history-parameter-malformed')
})

test('a version that the client has is not sent again', async () => {
  const id = await created(PATIENT)
  const same = await server.call('GET', `/Patient/${id}`, { headers: { 'if-none-match': 'W/"1"' } })
  assert.equal(same.status, 304)
  assert.equal(same.text, '')
  assert.equal((await server.call('GET', `/Patient/${id}`, { headers: { 'if-none-match': 'W/"2"' } })).status, 200)
})

test('a version has a proof once the ledger has it', async () => {
  const id = await created(PATIENT)
  const early = await server.call('GET', `/Patient/${id}/_history/1/$proof`)
  assert.equal(early.status, 409)
  assert.equal(codeOf(early), 'not-committed-yet')
  assert.equal((await server.call('GET', `/Patient/${id}/_history/2/$proof`)).status, 404)
})

test('Prefer says what a write answers with', async () => {
  const minimal = await server.call('POST', '/Patient', { body: PATIENT, headers: { prefer: 'return=minimal' } })
  assert.equal(minimal.status, 201)
  assert.equal(minimal.text, '')
  const outcome = await server.call('POST', '/Patient', {
    body: PATIENT,
    headers: { prefer: 'return=OperationOutcome' },
  })
  assert.equal(outcome.json.resourceType, 'OperationOutcome')
})

test('a JSON Patch makes the next version', async () => {
  const id = await created({ ...PATIENT, telecom: [{ system: 'phone', value: 'a' }] })
  const headers = { 'content-type': 'application/json-patch+json' }
  const body = [
    { op: 'test', path: '/active', value: true },
    { op: 'replace', path: '/telecom/0/value', value: 'b' },
  ]
  const reply = await server.call('PATCH', `/Patient/${id}`, { body, headers })
  assert.equal(reply.status, 200)
  assert.equal(reply.json.telecom[0]?.value, 'b')
  assert.equal(reply.headers.etag, 'W/"2"')
  const refused = await server.call('PATCH', `/Patient/${id}`, { body: [{ ...body[0], value: false }], headers })
  assert.equal(refused.status, 422)
  const away = await server.call('PATCH', `/Patient/${id}`, {
    body: [{ op: 'replace', path: '/id', value: 'x' }],
    headers,
  })
  assert.equal(codeOf(away), 'id-mismatch')
})

test('a conditional create happens once', async () => {
  const body = { ...PATIENT, identifier: [{ system: 'urn:x', value: 'once' }] }
  const headers = { 'if-none-exist': 'identifier=urn:x|once' }
  const replies = await Promise.all([1, 2, 3].map(() => server.call('POST', '/Patient', { body, headers })))
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 200, 201])
  assert.equal(new Set(replies.map(({ json }) => json.id)).size, 1)
  await created(body)
  const many = await server.call('POST', '/Patient', { body, headers })
  assert.equal(many.status, 412)
  assert.equal(codeOf(many), 'condition-matches-many')
  const unknown = await server.call('POST', '/Patient', { body, headers: { 'if-none-exist': 'unknown-parameter=1' } })
  assert.equal(unknown.status, 400)
  const empty = await server.call('POST', '/Patient', { body, headers: { 'if-none-exist': '_count=1' } })
  assert.equal(codeOf(empty), 'condition-malformed')
})

test('a conditional update creates, then updates; a conditional delete takes one', async () => {
  const query = '?identifier=urn:x|conditional'
  const body = { ...PATIENT, identifier: [{ system: 'urn:x', value: 'conditional' }] }
  const first = await server.call('PUT', `/Patient${query}`, { body })
  assert.equal(first.status, 201)
  const second = await server.call('PUT', `/Patient${query}`, { body: { ...body, active: false } })
  assert.equal(second.status, 200)
  assert.equal(second.json.id, first.json.id)
  const other = await server.call('PUT', `/Patient${query}`, { body: { ...body, id: 'other' } })
  assert.equal(codeOf(other), 'id-mismatch')
  assert.equal((await server.call('DELETE', `/Patient${query}`)).status, 204)
  assert.equal((await server.call('GET', `/Patient/${first.json.id}`)).status, 410)
  assert.equal((await server.call('DELETE', `/Patient${query}`)).status, 204)
  assert.equal((await server.call('DELETE', '/Patient')).status, 405)
})

test('what is not a valid resource is refused', async () => {
  const invalid = await server.call('POST', '/Observation', {
    body: { resourceType: 'Observation', status: 'no-such' },
  })
  assert.equal(codeOf(invalid), 'resource-invalid')
  assert.ok(invalid.status === 400 || invalid.status === 422)
  assert.equal(codeOf(await server.call('POST', '/Observation', { body: PATIENT })), 'resource-type-mismatch')
  assert.equal(codeOf(await server.call('POST', '/Observation', { body: '[1]' })), 'resource-missing')
  const broken = await server.call('POST', '/Patient', { body: '{"resourceType":' })
  assert.equal(broken.status, 400)
  const valid = await server.call('POST', '/Patient/$validate', { body: PATIENT })
  assert.equal(valid.status, 200)
  assert.equal(valid.json.issue[0]?.severity, 'information')
  const told = await server.call('POST', '/Patient/$validate', { body: { ...PATIENT, active: 'yes' } })
  assert.equal(told.status, 200)
  assert.equal(told.json.issue[0]?.severity, 'error')
  assert.deepEqual(told.json.issue[0]?.expression, ['Patient.active'])
})

test('$validate checks against what it knows, and says so where it does not', async () => {
  const core = 'http://hl7.org/fhir/StructureDefinition/Patient'
  const parameters = (...parameter: readonly object[]): object => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'resource', resource: PATIENT }, ...parameter],
  })
  for (const [query, body] of [
    [`?profile=${core}`, PATIENT],
    [`?mode=create&profile=${core}%7C4.0.1`, PATIENT],
    ['', parameters({ name: 'profile', valueUri: core }, { name: 'mode', valueCode: 'update' })],
    ['', parameters({ name: 'profile', valueCanonical: core })],
  ] as const) {
    const valid = await server.call('POST', `/Patient/$validate${query}`, { body })
    assert.equal(valid.status, 200, valid.text)
    assert.equal(valid.json.issue[0]?.severity, 'information')
  }
  for (const [query, body, code] of [
    ['?profile=http://example.org/unknown', PATIENT, 'validate-profile-unknown'],
    [`?profile=${core.replace('Patient', 'Observation')}`, PATIENT, 'validate-profile-unknown'],
    [`?profile=${core}%7C5.0.0`, PATIENT, 'validate-profile-unknown'],
    [`?profile=${core}`, parameters({ name: 'profile', valueUri: 'http://x' }), 'validate-profile-unknown'],
    ['?mode=bogus', PATIENT, 'validate-mode-unsupported'],
    ['', parameters({ name: 'mode', valueCode: 'delete' }), 'validate-mode-unsupported'],
    ['', parameters({ name: 'mode' }), 'validate-mode-unsupported'],
  ] as const) {
    const refused = await server.call('POST', `/Patient/$validate${query}`, { body })
    assert.equal(refused.status, 400, refused.text)
    assert.equal(codeOf(refused), code)
  }
})

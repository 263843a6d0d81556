/** batch and transaction. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BASE, codeOf, type Reply, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

type Entry = Readonly<Record<string, unknown>>

function bundle(type: 'batch' | 'transaction', ...entry: readonly Entry[]): object {
  return { resourceType: 'Bundle', type, entry }
}

function send(type: 'batch' | 'transaction', ...entry: readonly Entry[]): Promise<Reply> {
  return server.call('POST', '/', { body: bundle(type, ...entry) })
}

function statuses({ json }: Reply): readonly string[] {
  return json.entry.map((entry) => entry.response.status.slice(0, 3))
}

const URN = 'urn:uuid:0f0c4d2e-2f5e-4c6d-9a43-2b6a3b6f0a01'
const PATIENT = { resourceType: 'Patient', name: [{ family: 'Nobody' }] }
const OBSERVATION = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }

async function total(query: string): Promise<number> {
  return (await server.call('GET', `/${query}&_summary=count`)).json.total
}

test('a transaction links its entries, whatever their order', async () => {
  const reply = await send(
    'transaction',
    {
      fullUrl: 'urn:uuid:0f0c4d2e-2f5e-4c6d-9a43-2b6a3b6f0a02',
      request: { method: 'POST', url: 'Observation' },
      resource: { ...OBSERVATION, subject: { reference: URN } },
    },
    { fullUrl: URN, request: { method: 'POST', url: 'Patient' }, resource: PATIENT },
  )
  assert.equal(reply.status, 200, reply.text)
  assert.equal(reply.json.type, 'transaction-response')
  assert.deepEqual(statuses(reply), ['201', '201'])
  const [observation = '', patient = ''] = reply.json.entry.map((entry) => entry.response.location)
  assert.match(patient, new RegExp(`^${BASE}/Patient/[^/]+/_history/1$`))
  const stored = await server.call('GET', observation)
  assert.equal(`${BASE}/${stored.json.subject.reference}/_history/1`, patient)
})

test('absolute full URLs link relative references of the same server', async () => {
  const reply = await server.call('POST', '/', {
    body: bundle(
      'transaction',
      {
        fullUrl: 'http://elsewhere.example/r4/Observation/1',
        request: { method: 'POST', url: 'Observation' },
        resource: {
          ...OBSERVATION,
          subject: { reference: 'Patient/1' },
          focus: [{ reference: 'http://elsewhere.example/r4/Patient/1' }],
        },
      },
      {
        fullUrl: 'http://elsewhere.example/r4/Patient/1',
        request: { method: 'POST', url: 'Patient' },
        resource: { ...PATIENT, id: '1' },
      },
    ),
    headers: { prefer: 'return=representation' },
  })
  const [observation, patient] = reply.json.entry.map((entry) => entry.resource)
  assert.equal(observation?.subject.reference, `Patient/${patient?.id}`)
  assert.equal(observation?.focus[0]?.reference, `Patient/${patient?.id}`)
})

test('conditional references find one resource, or the transaction fails', async () => {
  await server.call('PUT', '/Practitioner/d', {
    body: { resourceType: 'Practitioner', id: 'd', identifier: [{ system: 'urn:npi', value: '1' }] },
  })
  const encounter = (reference: string): Entry => ({
    request: { method: 'POST', url: 'Observation' },
    resource: { ...OBSERVATION, performer: [{ reference }] },
  })
  const found = await send('transaction', encounter('Practitioner?identifier=urn:npi|1'))
  assert.equal(found.status, 200, found.text)
  const stored = await server.call('GET', String(found.json.entry[0]?.response.location))
  assert.equal(stored.json.performer[0]?.reference, 'Practitioner/d')
  const none = await send('transaction', encounter('Practitioner?identifier=urn:npi|2'))
  assert.equal(none.status, 412)
  assert.equal(codeOf(none), 'condition-matches-none')
  await server.call('PUT', '/Practitioner/e', {
    body: { resourceType: 'Practitioner', id: 'e', identifier: [{ system: 'urn:npi', value: '1' }] },
  })
  assert.equal(
    codeOf(await send('transaction', encounter('Practitioner?identifier=urn:npi|1'))),
    'condition-matches-many',
  )
})

test('deletions come first, reads last, and answers in the order of the entries', async () => {
  await server.call('PUT', '/Patient/old', {
    body: { ...PATIENT, id: 'old', identifier: [{ system: 'urn:o', value: '1' }] },
  })
  const reply = await send(
    'transaction',
    { request: { method: 'GET', url: 'Patient/fresh' } },
    { request: { method: 'GET', url: 'Patient?identifier=urn:o|1' } },
    { request: { method: 'PUT', url: 'Patient/fresh' }, resource: { ...PATIENT, id: 'fresh' } },
    {
      request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:o|1' },
      resource: { ...PATIENT, identifier: [{ system: 'urn:o', value: '1' }] },
    },
    { request: { method: 'DELETE', url: 'Patient/old' } },
  )
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual(statuses(reply), ['200', '200', '201', '201', '204'])
  assert.equal(reply.json.entry[0]?.resource.id, 'fresh')
  assert.equal(reply.json.entry[1]?.resource.total, 1)
  assert.notEqual(reply.json.entry[1]?.resource.entry[0]?.resource.id, 'old')
})

test('a transaction that fails leaves nothing', async () => {
  const before = await total('Patient?name=Atomic')
  const atomic = { request: { method: 'POST', url: 'Patient' }, resource: { ...PATIENT, name: [{ family: 'Atomic' }] } }
  const put = { request: { method: 'PUT', url: 'Patient/twice' }, resource: { ...PATIENT, id: 'twice' } }
  const failures: readonly (readonly [string, readonly Entry[]])[] = [
    ['transaction-duplicate', [put, put]],
    ['transaction-duplicate', [put, { request: { method: 'DELETE', url: 'Patient/twice' } }]],
    ['version-conflict', [{ ...put, request: { ...put.request, ifMatch: 'W/"7"' } }]],
    ['not-found', [{ request: { method: 'GET', url: 'Patient/never-was' } }]],
    ['resource-invalid', [{ ...put, resource: { ...put.resource, active: 'yes' } }]],
    ['bundle-malformed', [{ resource: PATIENT }]],
    ['bundle-malformed', [{ request: { method: 'POST', url: '' }, resource: bundle('batch') }]],
    ['method-not-allowed', [{ request: { method: 'FETCH', url: 'Patient/1' } }]],
  ]
  for (const [code, entries] of failures) {
    const reply = await send('transaction', atomic, ...entries)
    assert.ok(reply.status >= 400 && reply.status < 500, code)
    assert.equal(codeOf(reply), code)
  }
  assert.equal(await total('Patient?name=Atomic'), before)
})

test('a conditional create in a transaction resolves references to what is there', async () => {
  const organization = { resourceType: 'Organization', identifier: [{ system: 'urn:org', value: '1' }], name: 'One' }
  const first = await server.call('POST', '/Organization', { body: organization })
  const reply = await server.call('POST', '/', {
    body: bundle(
      'transaction',
      {
        fullUrl: URN,
        request: { method: 'POST', url: 'Organization', ifNoneExist: 'identifier=urn:org|1' },
        resource: organization,
      },
      {
        request: { method: 'POST', url: 'Patient' },
        resource: { ...PATIENT, managingOrganization: { reference: URN } },
      },
    ),
    headers: { prefer: 'return=representation' },
  })
  assert.deepEqual(statuses(reply), ['200', '201'])
  assert.equal(reply.json.entry[1]?.resource.managingOrganization.reference, `Organization/${first.json.id}`)
})

test('entries of a batch fail alone', async () => {
  const reply = await send(
    'batch',
    { request: { method: 'POST', url: 'Patient' }, resource: PATIENT },
    { request: { method: 'GET', url: 'Patient/never-was' } },
    { request: { method: 'GET', url: 'Patient?name=Nobody&_count=1' } },
    { nothing: true },
    { request: { method: 'GET', url: 'metadata' } },
  )
  assert.equal(reply.status, 200)
  assert.equal(reply.json.type, 'batch-response')
  assert.deepEqual(statuses(reply), ['201', '404', '200', '400', '200'])
  assert.equal(reply.json.entry[1]?.response.outcome.issue[0]?.details.coding[0]?.code, 'not-found')
  assert.equal(reply.json.entry[2]?.resource.type, 'searchset')
})

test('a batch has a bounded number of entries', async () => {
  const entries = Array.from({ length: 201 }, () => ({ request: { method: 'GET', url: 'metadata' } }))
  assert.equal((await send('batch', ...entries)).status, 413)
})

test('members read in batches, each entry recorded by itself', async () => {
  await server.call('PUT', '/Patient/shared', { body: { ...PATIENT, id: 'shared' } })
  server.gate.filters.set('shared', { op: 'all' })
  server.gate.records.length = 0
  const body = bundle(
    'batch',
    { request: { method: 'GET', url: 'Patient/shared' } },
    { request: { method: 'GET', url: 'Patient/fresh' } },
    { request: { method: 'POST', url: 'Patient' }, resource: PATIENT },
  )
  const reply = await server.call('POST', '/', { as: 'member', body })
  assert.deepEqual(statuses(reply), ['200', '403', '403'])
  assert.deepEqual(
    server.gate.records.map(({ released }) => released),
    [['Patient/shared/1'], 'not-found'],
  )
})

test('HEAD in an entry answers like GET without the resource', async () => {
  await server.call('PUT', '/Patient/head', { body: { ...PATIENT, id: 'head' } })
  for (const type of ['batch', 'transaction'] as const) {
    const reply = await send(type, { request: { method: 'HEAD', url: 'Patient/head' } })
    assert.deepEqual(statuses(reply), ['200'], reply.text)
    assert.equal(reply.json.entry[0]?.resource, undefined)
    assert.equal(reply.json.entry[0]?.response.etag, 'W/"1"')
  }
})

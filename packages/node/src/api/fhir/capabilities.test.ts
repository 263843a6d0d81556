/** What the CapabilityStatement lists is what the server does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BASE, codeOf, type ReplyCapability, type ReplyJson, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
let types: ReadonlyMap<string, ReplyCapability>
before(async () => {
  server = await startTestServer()
  const { json } = await server.call('GET', '/metadata')
  types = new Map(json.rest[0]?.resource.map((one) => [one.type, one]))
  const concept = { text: 'x' }
  const subject = { reference: 'Patient/a' }
  for (const body of [
    { resourceType: 'Organization', id: 'o', name: 'x' },
    { resourceType: 'Patient', id: 'a', managingOrganization: { reference: 'Organization/o' } },
    { resourceType: 'Encounter', id: 'e', status: 'finished', class: { code: 'AMB' }, subject },
    {
      resourceType: 'Observation',
      id: 'b',
      status: 'final',
      code: concept,
      subject,
      encounter: { reference: 'Encounter/e' },
    },
    {
      resourceType: 'Provenance',
      id: 'p',
      target: [{ reference: 'Observation/b' }],
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ who: { reference: 'Organization/o' } }],
    },
    {
      resourceType: 'CarePlan',
      id: 'c',
      status: 'active',
      intent: 'plan',
      subject,
      instantiatesCanonical: ['http://example.org/plan'],
    },
  ]) {
    const reply = await server.call('PUT', `/${body.resourceType}/${body.id}`, { body })
    assert.equal(reply.status, 201, reply.text)
  }
})
after(() => server.close())

function included({ entry }: ReplyJson): readonly string[] {
  return entry.filter(({ search }) => search.mode === 'include').map(({ resource }) => nameOf(resource))
}

function nameOf({ resourceType, id }: ReplyJson): string {
  return `${resourceType}/${id}`
}

test('includes that are listed include', async () => {
  for (const [path, value, expected] of [
    ['Observation?_id=b', 'Observation:patient', ['Patient/a']],
    ['Observation?_id=b', 'Observation:subject', ['Patient/a']],
    ['Observation?_id=b', 'Observation:encounter', ['Encounter/e']],
    ['Observation?_id=b', '*', ['Encounter/e', 'Patient/a']],
    ['Patient?_id=a', 'Patient:organization', ['Organization/o']],
    ['Provenance?_id=p', 'Provenance:target', ['Observation/b']],
  ] as const) {
    const type = path.slice(0, path.indexOf('?'))
    assert.ok(types.get(type)?.searchInclude?.includes(value), `${type} ${value}`)
    const { json } = await server.call('GET', `/${path}&_include=${value}`)
    assert.deepEqual([...included(json)].sort(), expected, `${path} ${value}`)
  }
})

test('reverse includes that are listed include', async () => {
  for (const [path, value, expected] of [
    ['Patient?_id=a', 'Observation:patient', ['Observation/b']],
    ['Patient?_id=a', 'CarePlan:subject', ['CarePlan/c']],
    ['Patient?_id=a', '*', ['CarePlan/c', 'Encounter/e', 'Observation/b']],
    ['Encounter?_id=e', 'Observation:encounter', ['Observation/b']],
    ['Observation?_id=b', 'Provenance:target', ['Provenance/p']],
    ['Organization?_id=o', 'Patient:organization', ['Patient/a']],
  ] as const) {
    const type = path.slice(0, path.indexOf('?'))
    assert.ok(types.get(type)?.searchRevInclude?.includes(value), `${type} ${value}`)
    const { json } = await server.call('GET', `/${path}&_revinclude=${value}`)
    assert.deepEqual([...included(json)].sort(), expected, `${path} ${value}`)
  }
})

test('every include that is listed is taken', async () => {
  for (const type of ['Patient', 'Observation', 'CarePlan', 'Practitioner', 'Bundle']) {
    const { searchInclude = [], searchRevInclude = [] } = types.get(type) as ReplyCapability
    for (const [name, values] of [
      ['_include', searchInclude],
      ['_revinclude', searchRevInclude],
    ] as const) {
      assert.ok(values.length > 0)
      assert.equal(new Set(values).size, values.length)
      for (const value of values) {
        const reply = await server.call('GET', `/${type}?_id=none&${name}=${value}`, {
          headers: { prefer: 'handling=strict' },
        })
        assert.equal(reply.status, 200, `${type} ${name}=${value}: ${reply.text}`)
      }
    }
  }
})

test('what leads to no resource here is not listed', () => {
  assert.equal(types.get('CarePlan')?.searchInclude?.includes('CarePlan:instantiates-canonical'), false)
  assert.equal(types.get('Observation')?.searchInclude?.includes('Observation:code'), false)
  assert.equal(types.get('Observation')?.searchRevInclude?.includes('Patient:organization'), false)
  assert.equal(types.get('Patient')?.searchRevInclude?.includes('AuditEvent:patient'), false)
  const { searchInclude, searchRevInclude } = types.get('AuditEvent') as ReplyCapability
  assert.deepEqual([searchInclude, searchRevInclude], [undefined, undefined])
})

test('the statement names the base under which its reader sees the server; a token that does not hold is passed over', async () => {
  const urlFor = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const reply = await server.app.inject({ method: 'GET', url: '/fhir/metadata', headers })
    assert.equal(reply.statusCode, 200)
    return (reply.json() as ReplyJson).implementation.url
  }
  assert.equal(await urlFor({}), BASE)
  assert.equal(await urlFor({ authorization: 'Bearer operator' }), BASE)
  assert.equal(await urlFor({ authorization: 'Bearer expired' }), BASE)
  assert.equal(await urlFor({ authorization: 'Bearer member' }), 'http://other.example/exchange/custodian/fhir')
  const purpose = await urlFor({ authorization: 'Bearer operator', 'x-purpose-of-use': 'BTG' })
  assert.equal(purpose, BASE, 'nothing is released here, so no purpose is asked for')
  assert.equal(codeOf(await server.call('GET', '/Patient', { as: 'expired' })), 'token-missing')
})

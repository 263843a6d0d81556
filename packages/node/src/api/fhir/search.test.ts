/** Searches, compartments and `$everything`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BASE, codeOf, type Reply, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
  for (const id of ['a', 'b']) {
    await server.call('PUT', `/Patient/${id}`, {
      body: { resourceType: 'Patient', id, name: [{ family: `Family${id}` }] },
    })
    for (let n = 0; n < 3; n++) {
      const observation = { resourceType: 'Observation', id: `${id}${n}`, status: 'final', code: { text: 'x' } }
      const body = { ...observation, subject: { reference: `Patient/${id}` }, valueQuantity: { value: n, unit: 'kg' } }
      await server.call('PUT', `/Observation/${id}${n}`, { body })
    }
  }
})
after(() => server.close())

function ids({ json }: Reply): readonly string[] {
  return (json.entry ?? []).map((entry) => `${entry.resource.resourceType}/${entry.resource.id}`).sort()
}

function link({ json }: Reply, relation: string): string | undefined {
  return json.link?.find((one) => one.relation === relation)?.url
}

test('a searchset holds the stored bytes, full URLs and a self link', async () => {
  const reply = await server.call('GET', '/Patient?family=Familya')
  assert.equal(reply.json.type, 'searchset')
  assert.equal(reply.json.entry[0]?.fullUrl, `${BASE}/Patient/a`)
  assert.equal(reply.json.entry[0]?.search.mode, 'match')
  const read = await server.call('GET', '/Patient/a')
  assert.ok(reply.text.includes(read.text))
  assert.equal(link(reply, 'self'), `${BASE}/Patient?family=Familya`)
  assert.deepEqual(server.gate.records.at(-2)?.released, ['Patient/a/1'])
  assert.deepEqual(ids(await server.call('GET', '/Patient?family=none')), [])
})

test('_search by POST is the same search', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const reply = await server.call('POST', '/Observation/_search?_count=50', { body: 'subject=Patient%2Fa', headers })
  assert.deepEqual(ids(reply), ['Observation/a0', 'Observation/a1', 'Observation/a2'])
  const system = await server.call('POST', '/_search', { body: '_type=Patient', headers })
  assert.deepEqual(ids(system), ['Patient/a', 'Patient/b'])
})

test('pages follow next links to the end', async () => {
  const seen: string[] = []
  let url: string | undefined = `${BASE}/Observation?_count=4`
  while (url !== undefined) {
    const page = await server.call('GET', url)
    assert.equal(page.status, 200, page.text)
    seen.push(...ids(page))
    url = link(page, 'next')
  }
  assert.equal(new Set(seen).size, 6)
  assert.equal(seen.length, 6)
})

test('_summary=count counts, _elements and _summary subset', async () => {
  const counted = await server.call('GET', '/Observation?_summary=count')
  assert.equal(counted.json.total, 6)
  assert.equal(counted.json.entry, undefined)
  const elements = await server.call('GET', '/Observation?_id=a1&_elements=subject')
  assert.deepEqual(Object.keys(elements.json.entry[0]?.resource ?? {}), [
    'resourceType',
    'id',
    'meta',
    'status',
    'code',
    'subject',
  ])
})

test('unknown parameters are passed over with a warning, or refused when strict', async () => {
  const lenient = await server.call('GET', '/Patient?family=Familya&unheard-of=1')
  assert.equal(lenient.status, 200)
  const outcome = lenient.json.entry.find((entry) => entry.search.mode === 'outcome')
  assert.match(String(outcome?.resource.issue[0]?.diagnostics), /unheard-of/)
  assert.equal(link(lenient, 'self'), `${BASE}/Patient?family=Familya`)
  const strict = await server.call('GET', '/Patient?unheard-of=1', { headers: { prefer: 'handling=strict' } })
  assert.equal(strict.status, 400)
  assert.match(codeOf(strict), /^search-/)
})

test('compartments hold what belongs to the patient', async () => {
  const typed = await server.call('GET', '/Patient/a/Observation?_count=10')
  assert.deepEqual(ids(typed), ['Observation/a0', 'Observation/a1', 'Observation/a2'])
  assert.match(String(link(typed, 'self')), /\/Patient\/a\/Observation/)
  const all = await server.call('GET', '/Patient/b/*')
  assert.deepEqual(ids(all), ['Observation/b0', 'Observation/b1', 'Observation/b2', 'Patient/b'])
})

test('$everything is a patient’s record, of one and of all', async () => {
  const one = await server.call('GET', '/Patient/a/$everything')
  assert.deepEqual(ids(one), ['Observation/a0', 'Observation/a1', 'Observation/a2', 'Patient/a'])
  const typed = await server.call('GET', '/Patient/a/$everything?_type=Patient')
  assert.deepEqual(ids(typed), ['Patient/a'])
  assert.equal((await server.call('GET', '/Patient/never-was/$everything')).status, 404)
  const seen: string[] = []
  let url: string | undefined = `${BASE}/Patient/$everything?_count=3`
  while (url !== undefined) {
    const page = await server.call('GET', url)
    assert.equal(page.status, 200, page.text)
    seen.push(...ids(page))
    url = link(page, 'next')
  }
  assert.equal(seen.length, 8)
  assert.equal(new Set(seen).size, 8)
  assert.equal(codeOf(await server.call('GET', '/Patient/$everything', { as: 'clinician' })), 'operator-required')
  assert.equal(codeOf(await server.call('GET', '/Patient/$everything?_cursor=AAAA')), 'search-cursor-malformed')
})

test('the gate is told which patients a search names', async () => {
  await server.call('GET', '/Observation?patient=a')
  assert.deepEqual(server.gate.records.at(-1)?.ask.patients, ['a'])
  await server.call('GET', '/Patient/b/Observation')
  assert.deepEqual(server.gate.records.at(-1)?.ask.patients, ['b'])
})

test('$everything by POST takes Parameters, or nothing', async () => {
  const record = ['Observation/a0', 'Observation/a1', 'Observation/a2', 'Patient/a']
  assert.deepEqual(ids(await server.call('POST', '/Patient/a/$everything')), record)
  const parameters = (...parameter: readonly object[]): object => ({ resourceType: 'Parameters', parameter })
  const body = parameters({ name: '_type', valueCode: 'Patient' }, { name: '_count', valueInteger: 5 })
  assert.deepEqual(ids(await server.call('POST', '/Patient/a/$everything', { body })), ['Patient/a'])
  const first = await server.call('POST', '/Patient/a/$everything', {
    body: parameters({ name: '_count', valueInteger: 3 }),
  })
  assert.equal(ids(first).length + ids(await server.call('GET', String(link(first, 'next')))).length, record.length)
  assert.equal((await server.call('POST', '/Patient/$everything')).status, 200)
  const other = await server.call('POST', '/Patient/a/$everything', { body: { resourceType: 'Patient' } })
  assert.equal(codeOf(other), 'resource-type-mismatch')
  const complex = parameters({ name: '_type', valueCoding: { code: 'Patient' } })
  const malformed = await server.call('POST', '/Patient/a/$everything', { body: complex })
  assert.equal(codeOf(malformed), 'query-parameter-malformed')
})

test('an empty parameter is passed over, and not in the self link', async () => {
  const reply = await server.call('GET', '/Patient?family=&_id=a')
  assert.deepEqual(ids(reply), ['Patient/a'])
  assert.equal(link(reply, 'self'), `${BASE}/Patient?_id=a`)
})

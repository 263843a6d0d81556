/** AuditEvents as a FHIR client meets them: the real API, gate, journal and vault. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AuditEvent, Bundle, CapabilityStatement, OperationOutcome } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import Fastify, { type FastifyInstance } from 'fastify'
import { fhirApi } from '../api/fhir/plugin.ts'
import type { Principal } from '../auth/principal.ts'
import { parseScopes } from '../auth/scopes.ts'
import { decide } from '../consent/decide.ts'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import { SalusGate } from '../gate/salus-gate.ts'
import { startTestLedger, type TestLedger } from '../testing/ledger.ts'
import { validateResource } from '../vault/validate.ts'
import { withAuditEvents, withAuditOwners } from './audit-reader.ts'
import { withoutAuditWrites } from './audit-writer.ts'
import { BASE, CUSTODIAN, LAKESIDE, openTestJournal, type TestJournal } from './test-journal.ts'

const TREAT = { purpose: { system: PURPOSE_SYSTEM, code: 'TREAT' }, emergency: null }
const SCOPES = parseScopes('user/*.cruds')
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  operator: { kind: 'operator', member: CUSTODIAN, practitioner: null, scopes: SCOPES, asserted: null },
  staff: { kind: 'practitioner', member: CUSTODIAN, practitioner: 'Practitioner/dr-1', scopes: SCOPES, asserted: null },
  lakeside: { kind: 'member', member: LAKESIDE, practitioner: 'Practitioner/9', scopes: SCOPES, asserted: TREAT },
}

let network: TestLedger
let store: TestJournal
let app: FastifyInstance

before(async () => {
  network = await startTestLedger(['riverside'])
  store = await openTestJournal(network)
  const { parts, journal, vault } = store
  const consents = { live: () => [], permitting: () => [], denying: () => [] }
  const gate = new SalusGate({
    custodian: CUSTODIAN,
    files: parts.files,
    journal,
    decider: { decide: (request, patients) => decide(request, patients, consents, { memberActive: true, lagMs: 0 }) },
    ownersOf: withAuditOwners(async (type, id) => (type === 'Patient' && id === 'p1' ? ['p1'] : undefined), parts),
    now: Date.now,
  })
  app = Fastify()
  await app.register(fhirApi, {
    prefix: '/fhir',
    vaultReader: withAuditEvents(vault.reader, parts),
    vaultWriter: withoutAuditWrites(vault.writer),
    gate,
    authenticate: async ({ headers }) => {
      const found = PRINCIPALS[headers.authorization ?? '']
      if (found === undefined) throw new SalusError('token-missing', 'the request has no access token')
      return found
    },
    fhirBase: BASE,
    linkBaseFor: () => BASE,
    oauth: { token: `${BASE}/t`, introspect: `${BASE}/i`, revoke: `${BASE}/r` },
    prove: async () => '{}',
  })
  await store.append('p1', { timeMs: 1 })
  await vault.writer.write([{ kind: 'put', resource: { resourceType: 'Patient', id: 'p1' }, method: 'PUT' }])
})

after(async () => {
  await app.close()
  await store.close()
  await network.remove()
})

async function call<T>(who: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) {
  const reply = await app.inject({
    method,
    url: `/fhir/${path}`,
    headers: { authorization: who, 'content-type': 'application/fhir+json' },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  })
  return { status: reply.statusCode, headers: reply.headers, json: (reply.body === '' ? null : reply.json()) as T }
}

const search = (who: string, query: string) => call<Bundle<AuditEvent>>(who, 'GET', `AuditEvent?${query}`)
const codeOf = (outcome: OperationOutcome) => outcome.issue[0]?.details?.coding?.[0]?.code

test('a read leaves an event, which is found, read, and by that leaves another', async () => {
  assert.equal((await call('staff', 'GET', 'Patient/p1')).status, 200)
  const found = await search('operator', 'patient=p1&agent=Practitioner/dr-1&date=gt2000&_count=1')
  assert.equal(found.json.total, 1)
  const event = found.json.entry?.[0]?.resource as AuditEvent & { id: string }
  validateResource(event)
  assert.equal(event.subtype?.[0]?.code, 'read')
  assert.deepEqual(event.entity?.[1]?.detail, [{ type: 'Patient', valueString: '1' }])
  const read = await call<AuditEvent>('staff', 'GET', `AuditEvent/${event.id}`)
  assert.equal(read.headers.etag, 'W/"1"')
  assert.deepEqual(read.json, event)
  assert.deepEqual((await call('staff', 'GET', `AuditEvent/${event.id}/_history/1`)).json, event)

  const all = await search('operator', 'patient=Patient/p1&_sort=date')
  const shown = all.json.entry?.map(({ resource }) => [resource?.subtype?.[0]?.code, resource?.entity?.at(-1)?.detail])
  assert.deepEqual(shown, [
    ['read', [{ type: 'Observation', valueString: '1' }]],
    ['read', [{ type: 'Patient', valueString: '1' }]],
    ['search-type', [{ type: 'AuditEvent', valueString: '1' }]],
    ['read', [{ type: 'AuditEvent', valueString: '1' }]],
    ['vread', [{ type: 'AuditEvent', valueString: '1' }]],
  ])
  const page = await search('operator', 'patient=p1&_count=2')
  const next = page.json.link?.find(({ relation }) => relation === 'next')?.url ?? ''
  assert.equal((await call<Bundle>('operator', 'GET', next.slice(`${BASE}/`.length))).json.entry?.length, 2)
})

test('another member is refused, and the refusal stands in the log of the patient', async () => {
  const own = await search('operator', 'patient=p1&_sort=date&_count=1')
  const id = own.json.entry?.[0]?.resource?.id
  for (const path of [`AuditEvent/${id}`, 'AuditEvent?patient=p1', 'AuditEvent']) {
    const refused = await call<OperationOutcome>('lakeside', 'GET', path)
    assert.deepEqual([refused.status, codeOf(refused.json)], [403, 'access-refused'])
  }
  const log = await search('operator', `agent=Organization/${LAKESIDE}&outcome=8&_sort=date`)
  assert.deepEqual(
    log.json.entry?.map(({ resource }) => [resource?.subtype?.[0]?.code, resource?.outcomeDesc]),
    [
      ['read', 'no-consent'],
      ['search-type', 'no-consent'],
    ],
  )
})

test('writing is refused with 405, alone and within a transaction', async () => {
  const event = { resourceType: 'AuditEvent', id: 'x', type: { code: 'rest' }, recorded: '2026-01-01T00:00:00Z' }
  const resource = { ...event, agent: [{ requestor: true }], source: { observer: { display: 'somebody' } } }
  const request = { method: 'POST', url: 'AuditEvent' }
  const patient = { resourceType: 'Patient', id: 'p9' }
  const entry = [
    { resource, request },
    { resource: patient, request: { method: 'PUT', url: 'Patient/p9' } },
  ]
  const replies = [
    await call<OperationOutcome>('operator', 'POST', 'AuditEvent', resource),
    await call<OperationOutcome>('operator', 'PUT', 'AuditEvent/x', resource),
    await call<OperationOutcome>('operator', 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry }),
  ]
  for (const { status, headers, json } of replies) {
    assert.deepEqual([status, headers.allow, codeOf(json)], [405, 'GET, HEAD', 'audit-event-read-only'])
  }
  assert.equal((await call('operator', 'GET', 'Patient/p9')).status, 404)
  const own = await search('operator', 'patient=p1&_count=1')
  const deletion = await call('operator', 'DELETE', `AuditEvent/${own.json.entry?.[0]?.resource?.id}`)
  assert.equal(deletion.status, 405)
})

test('what cannot be searched or paged is a mistake of the client', async () => {
  for (const path of ['AuditEvent?agent:exact=x', 'AuditEvent?_cursor=x', 'AuditEvent/_history']) {
    assert.equal((await call('operator', 'GET', path)).status, 400, path)
  }
})

test('a parameter that is not answered is passed over with a warning, or refused when strict', async () => {
  for (const query of ['action=R', '_include=*', 'site:missing=true']) {
    const passed = await search('operator', `_count=1&${query}`)
    assert.equal(passed.status, 200, query)
    const outcome = passed.json.entry?.find((entry) => entry.search?.mode === 'outcome')
    assert.equal(outcome?.resource?.resourceType as string, 'OperationOutcome', query)
    assert.doesNotMatch(passed.json.link?.[0]?.url ?? '', /action|include|site/)
    const headers = { authorization: 'operator', prefer: 'handling=strict' }
    const strict = await app.inject({ method: 'GET', url: `/fhir/AuditEvent?${query}`, headers })
    assert.equal(strict.statusCode, 400, query)
  }
})

test('a count of staff and a condition leave an event in the log of the patient', async () => {
  const newest = async () => {
    const { json } = await search('operator', 'patient=p1&_count=1')
    return json.entry?.[0]?.resource
  }
  assert.equal((await call<Bundle>('staff', 'GET', 'Patient?_lastUpdated=gt2000&_summary=count')).json.total, 1)
  const counted = await newest()
  assert.equal(counted?.subtype?.[0]?.code, 'search-type')
  assert.equal(counted?.agent.at(-1)?.who?.reference, 'Practitioner/dr-1')
  const gone = await call('operator', 'PUT', 'Patient?_lastUpdated=gt2000', { resourceType: 'Patient', id: 'other' })
  assert.equal(gone.status, 400)
  const matched = await newest()
  assert.equal(matched?.subtype?.[0]?.code, 'update')
  assert.deepEqual(matched?.entity?.at(-1)?.detail, [{ type: 'Patient', valueString: '1' }])
})

test(':missing knows that events lack nothing that is searched for', async () => {
  const total = async (query: string) => (await search('operator', `${query}&_summary=count`)).json.total
  for (const name of ['agent', 'date', 'entity', 'outcome', 'patient']) {
    assert.equal(await total(`${name}:missing=true`), 0, name)
    assert.ok(Number(await total(`${name}:missing=false`)) > 0, name)
  }
})

test('the CapabilityStatement says what is answered, and no more', async () => {
  const { json } = await call<CapabilityStatement>('operator', 'GET', 'metadata')
  const stated = json.rest?.[0]?.resource?.find(({ type }) => type === 'AuditEvent')
  assert.deepEqual(
    stated?.interaction?.map(({ code }) => code),
    ['read', 'vread', 'search-type'],
  )
  const { updateCreate, conditionalCreate, conditionalUpdate, conditionalDelete, readHistory } = stated ?? {}
  assert.deepEqual(
    { updateCreate, conditionalCreate, conditionalUpdate, conditionalDelete, readHistory },
    {
      updateCreate: false,
      conditionalCreate: false,
      conditionalUpdate: false,
      conditionalDelete: 'not-supported',
      readHistory: false,
    },
  )
  const values: Readonly<Record<string, string>> = { date: '2026', _lastUpdated: '2026', outcome: '0' }
  for (const { name = '' } of stated?.searchParam ?? []) {
    assert.equal((await search('operator', `${name}=${values[name] ?? 'x'}`)).status, 200, name)
  }
  const names = stated?.searchParam?.map(({ name, type }) => `${name}:${type}`)
  assert.deepEqual(names, [
    '_id:token',
    '_lastUpdated:date',
    'agent:reference',
    'date:date',
    'entity:reference',
    'outcome:token',
    'patient:reference',
  ])
})

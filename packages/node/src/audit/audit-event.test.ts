import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEvent } from '@medplum/fhirtypes'
import type { DisclosureEntry } from '@salus/core'
import fc from 'fast-check'
import { REASONS } from '../consent/decision.ts'
import { INTERACTIONS } from '../gate/gate.ts'
import { definitions } from '../vault/definitions/definitions.ts'
import { validateResource } from '../vault/validate.ts'
import { auditEventOf, PATIENT_QUERY_PROFILE, PATIENT_READ_PROFILE } from './audit-event.ts'
import { CUSTODIAN, entryOf, LAKESIDE } from './test-journal.ts'

const FILE = 'f1'.repeat(16)
const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
const TREAT = { coding: [{ system: `${TERMINOLOGY}/v3-ActReason`, code: 'TREAT' }] }

test('a read by own staff, in full', () => {
  const event = auditEventOf(entryOf(), 'p1')
  assert.deepEqual(event, {
    resourceType: 'AuditEvent',
    id: `${FILE}.1`,
    meta: { versionId: '1', lastUpdated: '2026-03-04T09:30:15.250Z', profile: [PATIENT_READ_PROFILE] },
    type: { system: `${TERMINOLOGY}/audit-event-type`, code: 'rest' },
    subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'read' }],
    action: 'R',
    recorded: '2026-03-04T09:30:15.250Z',
    outcome: '0',
    outcomeDesc: 'inside',
    purposeOfEvent: [TREAT],
    agent: [
      {
        type: { coding: [{ system: DCM, code: '110152' }] },
        who: { reference: `Organization/${CUSTODIAN}`, type: 'Organization' },
        requestor: false,
        network: { address: `urn:salus:member:${CUSTODIAN}`, type: '5' },
      },
      {
        type: { coding: [{ system: DCM, code: '110153' }] },
        who: { reference: `Organization/${CUSTODIAN}`, type: 'Organization' },
        requestor: false,
        network: { address: `urn:salus:member:${CUSTODIAN}`, type: '5' },
      },
      {
        type: { coding: [{ system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'IRCP' }] },
        who: { reference: 'Practitioner/dr-1', type: 'Practitioner' },
        requestor: true,
        purposeOfUse: [TREAT],
      },
    ],
    source: {
      observer: { reference: `Organization/${CUSTODIAN}`, type: 'Organization' },
      type: [{ system: `${TERMINOLOGY}/security-source-type`, code: '4' }],
    },
    entity: [
      {
        what: { reference: 'Patient/p1', type: 'Patient' },
        type: { system: `${TERMINOLOGY}/audit-entity-type`, code: '1' },
        role: { system: `${TERMINOLOGY}/object-role`, code: '1' },
      },
      {
        what: { identifier: { system: 'urn:salus:disclosure-content', value: 'cc'.repeat(32) } },
        type: { system: `${TERMINOLOGY}/audit-entity-type`, code: '2' },
        role: { system: `${TERMINOLOGY}/object-role`, code: '4' },
        detail: [{ type: 'Observation', valueString: '1' }],
      },
    ],
  })
})

test('an emergency search by another member: purpose, reason, consents, counts, and a masked query', () => {
  const event = auditEventOf(
    entryOf({
      requester: LAKESIDE,
      purpose: 'BTG',
      emergency: 'unconscious',
      interaction: 'search-type',
      reason: 'emergency',
      consents: [new Uint8Array(16).fill(0xab)],
      what: [
        { type: 'Condition', count: 3 },
        { type: 'Observation', count: 12 },
      ],
    }),
    'p1',
  )
  assert.deepEqual(event.meta?.profile, [PATIENT_QUERY_PROFILE])
  assert.equal(event.action, 'E')
  const [client, server, user] = event.agent
  assert.equal(client?.type?.coding?.[0]?.code, '110153')
  assert.equal(client?.who?.reference, `Organization/${LAKESIDE}`)
  assert.equal(server?.type?.coding?.[0]?.code, '110152')
  assert.equal(user?.purposeOfUse?.[0]?.coding?.[0]?.code, 'BTG')
  assert.deepEqual(user?.who, {
    type: 'Practitioner',
    identifier: { system: `urn:salus:member:${LAKESIDE}`, value: 'Practitioner/dr-1' },
  })
  const [patient, query, content, consent] = event.entity ?? []
  assert.deepEqual(patient?.detail, [{ type: 'emergency-reason', valueString: 'unconscious' }])
  assert.equal(query?.query, undefined)
  assert.match(JSON.stringify(query), /"_query":\{"extension":\[\{[^}]*"valueCode":"masked"\}\]\}/)
  assert.equal(query?.detail, undefined)
  assert.deepEqual(content?.detail, [
    { type: 'Condition', valueString: '3' },
    { type: 'Observation', valueString: '12' },
  ])
  assert.deepEqual(consent?.what, {
    type: 'Consent',
    identifier: { system: 'urn:salus:consent', value: 'ab'.repeat(16) },
  })
})

test('a refusal says why and claims no profile; where nobody is named, the purpose stands with the member', () => {
  const event = auditEventOf(
    entryOf({
      requester: LAKESIDE,
      practitioner: null,
      purpose: 'urn:purposes|audit',
      interaction: 'everything',
      decision: 'deny',
      reason: 'no-consent',
      what: [],
      content: null,
    }),
    'p1',
  )
  assert.equal(event.outcome, '8')
  assert.equal(event.outcomeDesc, 'no-consent')
  assert.equal(event.meta?.profile, undefined)
  assert.deepEqual(
    event.subtype?.map(({ code }) => code),
    ['operation', 'everything'],
  )
  assert.deepEqual(
    event.agent.map(({ requestor }) => requestor),
    [true, false],
  )
  assert.deepEqual(event.agent[0]?.purposeOfUse, [{ coding: [{ system: 'urn:purposes', code: 'audit' }] }])
})

test('the event of an erased patient names the file', () => {
  const event = auditEventOf(entryOf(), null)
  assert.equal(event.meta?.profile, undefined)
  assert.deepEqual(event.entity?.[0]?.what, {
    type: 'Patient',
    identifier: { system: 'urn:salus:file', value: FILE },
  })
})

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const entries: fc.Arbitrary<DisclosureEntry> = fc.record({
  fileId: bytes(16),
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((n) => n % 1e15 || 1),
  salt: bytes(16),
  timeMs: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
  custodian: fc.constant(CUSTODIAN),
  requester: fc.constantFrom(CUSTODIAN, LAKESIDE),
  practitioner: fc.constantFrom(null, 'Practitioner/dr-1'),
  purpose: fc.constantFrom('TREAT', 'BTG', 'urn:purposes|audit'),
  interaction: fc.constantFrom(...INTERACTIONS),
  decision: fc.constantFrom('permit', 'deny'),
  reason: fc.constantFrom(...Object.keys(REASONS)),
  emergency: fc.constantFrom(null, 'unconscious', 'a "quoted"\u00a0reason'),
  consents: fc.array(bytes(16), { maxLength: 4 }),
  what: fc.array(fc.record({ type: fc.constantFrom(...definitions.resources), count: fc.nat() }), { maxLength: 4 }),
  content: fc.option(bytes(32)),
})

test('every entry renders to a structurally valid AuditEvent, the same each time, and as BALP has it', () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(null, 'p1'), (entry, patient) => {
      const text = JSON.stringify(auditEventOf(entry, patient))
      const event = validateResource(JSON.parse(text)) as AuditEvent
      assert.equal(JSON.stringify(auditEventOf(entry, patient)), text)
      assert.equal(event.agent.filter(({ requestor }) => requestor).length, 1)
      assertProfile(event)
    }),
  )
})

/** The rules of the claimed profile, as BALP 1.1 lists them. */
function assertProfile(event: AuditEvent): void {
  const profile = event.meta?.profile?.[0]
  if (profile === undefined) return
  const isRead = profile === PATIENT_READ_PROFILE
  const agents = (code: string) => event.agent.filter((agent) => agent.type?.coding?.[0]?.code === code)
  const entities = (code: string) => (event.entity ?? []).filter((entity) => entity.type?.code === code)
  assert.equal(event.type.code, 'rest')
  assert.equal(event.outcome, '0')
  assert.equal(event.action, isRead ? 'R' : 'E')
  assert.match(String(event.subtype?.[0]?.code), isRead ? /^v?read$/ : /^search-(type|system)$/)
  for (const code of ['110152', '110153']) {
    assert.equal(agents(code).length, 1)
    assert.ok(agents(code)[0]?.who && agents(code)[0]?.network)
  }
  for (const user of agents('IRCP')) assert.ok(user.who && user.requestor && !user.network)
  const [patient, ...others] = entities('1')
  assert.equal(others.length, 0)
  assert.equal(patient?.role?.code, '1')
  assert.match(String(patient?.what?.reference), /^Patient\//)
  const [object, ...more] = entities('2')
  assert.equal(more.length, 0)
  if (isRead) {
    assert.equal(object?.role?.code, '4')
    assert.ok(object?.what)
  } else {
    assert.equal(object?.role?.code, '24')
    assert.ok(object && '_query' in object && !object.what && !object.detail)
  }
}

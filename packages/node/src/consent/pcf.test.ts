/** Consents of the kinds that IHE PCF gives as examples (volume 3, sections 5.8.2 to 5.8.4), one test for each kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actor,
  CUSTODIAN,
  compiled,
  confidentiality,
  covers,
  facts,
  HILLTOP,
  type Json,
  LAKESIDE,
  reason,
  request,
  sensitivity,
  TPO,
  type,
} from '../../test/consents.ts'
import { decideFile } from './decide.ts'
import type { FileDecision } from './decision.ts'
import type { ResourceFacts } from './filter.ts'
import type { AccessRequest } from './request.ts'

const LEDGER = { memberActive: true, lagMs: 0 }

function ask(provision: Json, change: Partial<AccessRequest> = {}): FileDecision {
  return decideFile(request(change), [{ id: '01', policy: compiled(provision) }], LEDGER)
}

function released(decision: FileDecision, resource: Partial<ResourceFacts>): boolean {
  return decision.decision === 'permit' && covers(decision.filter, facts(resource))
}

test('basic: permits everything for treatment, payment and operations, and for what is a kind of them', () => {
  const provision = { type: 'permit', purpose: TPO }
  assert.deepEqual(ask(provision), { decision: 'permit', reason: 'consent', filter: { op: 'all' }, consents: ['01'] })
  assert.equal(ask(provision, { purpose: reason('COC') }).decision, 'permit')
  assert.equal(ask(provision, { purpose: reason('HRESCH') }).reason, 'no-consent')
  assert.equal(ask(provision, { purpose: { system: 'http://example.org', code: 'TREAT' } }).reason, 'no-consent')
  assert.equal(ask({ type: 'permit', purpose: [reason('ETREAT')] }).reason, 'no-consent')
})

test('basic: a rejection denies, to the custodian’s own staff too, but not in an emergency', () => {
  const provision = { type: 'deny', purpose: TPO }
  assert.deepEqual(ask(provision), { decision: 'deny', reason: 'consent-denies', consents: ['01'] })
  assert.equal(ask(provision, { requester: CUSTODIAN }).reason, 'consent-denies')
  assert.equal(ask(provision, { requester: CUSTODIAN, operator: true }).reason, 'operator')
  assert.equal(ask(provision, { purpose: reason('BTG'), emergency: 'unconscious' }).reason, 'emergency')
})

test('basic: an expired consent permits nothing; an end given as a day includes the day', () => {
  const provision = { type: 'permit', purpose: TPO, period: { start: '2022', end: '2022-12-31' } }
  const at = (text: string): string => ask(provision, { timeMs: Date.parse(text) }).decision
  assert.equal(at('2021-12-31T23:59:59.999Z'), 'deny')
  assert.equal(at('2022-01-01T00:00:00.000Z'), 'permit')
  assert.equal(at('2022-12-31T23:59:59.999Z'), 'permit')
  assert.equal(at('2023-01-01T00:00:00.000Z'), 'deny')
})

test('intermediate: data of a timeframe, and all but data of a timeframe', () => {
  const dataPeriod = { start: '2022-01', end: '2022-12' }
  const during = { clinical: { startMs: Date.UTC(2022, 11, 31, 23), endMs: Date.UTC(2022, 11, 31, 23) } }
  const after = { clinical: { startMs: Date.UTC(2023, 0, 1), endMs: Date.UTC(2023, 0, 1) } }
  const only = ask({ type: 'permit', purpose: TPO, dataPeriod })
  assert.deepEqual([released(only, during), released(only, after), released(only, {})], [true, false, false])
  const except = ask({ type: 'permit', purpose: TPO, provision: [{ type: 'deny', dataPeriod }] })
  assert.deepEqual([released(except, during), released(except, after), released(except, {})], [false, true, true])
})

test('intermediate: data by an author, and all but that (not Bob)', () => {
  const data = [{ meaning: 'authoredby', reference: { reference: 'Practitioner/bob' } }]
  const bobs = { authors: ['Practitioner/bob'] }
  const only = ask({ type: 'permit', purpose: TPO, data })
  assert.deepEqual([released(only, bobs), released(only, {})], [true, false])
  const except = ask({ type: 'permit', purpose: TPO, provision: [{ type: 'deny', data }] })
  assert.deepEqual([released(except, bobs), released(except, {})], [false, true])
})

test('intermediate: nobody but Bob is refused', () => {
  const provision = { type: 'permit', purpose: TPO, provision: [{ type: 'deny', actor: [actor('Practitioner/bob')] }] }
  assert.equal(ask(provision, { practitioner: 'Practitioner/alice' }).decision, 'permit')
  assert.equal(ask(provision, { practitioner: 'Practitioner/bob' }).reason, 'consent-denies')
  assert.equal(ask(provision, { practitioner: 'Practitioner/bob', requester: CUSTODIAN }).reason, 'consent-denies')
})

test('intermediate: data related to an encounter, and all but that', () => {
  const data = [{ meaning: 'related', reference: { reference: 'Encounter/e' } }]
  const within = { references: ['Encounter/e'] }
  const itself = { type: 'Encounter', id: 'e' }
  const only = ask({ type: 'permit', purpose: TPO, data })
  assert.deepEqual([released(only, within), released(only, itself), released(only, {})], [true, true, false])
  const except = ask({ type: 'permit', purpose: TPO, provision: [{ type: 'deny', data }] })
  assert.deepEqual([released(except, within), released(except, itself), released(except, {})], [false, false, true])
})

test('intermediate: named data, and all but named data', () => {
  const data = ['Observation/o', 'http://example.org/fhir/Encounter/e/_history/2'].map((reference) => ({
    meaning: 'instance',
    reference: { reference },
  }))
  const other = { id: 'other', references: ['Encounter/e'] }
  const only = ask({ type: 'permit', purpose: TPO, data })
  assert.deepEqual([released(only, {}), released(only, { type: 'Encounter', id: 'e' })], [true, true])
  assert.equal(released(only, other), false)
  const except = ask({ type: 'permit', purpose: TPO, provision: [{ type: 'deny', data }] })
  assert.deepEqual([released(except, {}), released(except, other)], [false, true])
})

test('intermediate: a research project, to one organisation', () => {
  const purpose = { system: 'http://example.org/policies/purposeOfUse', code: 'FooBar' }
  const provision = {
    type: 'permit',
    purpose: [purpose],
    actor: [actor(`https://x.example/fhir/Organization/${HILLTOP}`)],
  }
  assert.equal(ask(provision, { requester: HILLTOP, purpose }).decision, 'permit')
  assert.equal(ask(provision, { requester: LAKESIDE, purpose }).reason, 'no-consent')
  assert.equal(ask(provision, { requester: HILLTOP }).reason, 'no-consent')
})

test('intermediate: denies all access except break-glass', () => {
  const exception = { type: 'permit', actor: [actor('Group/privileged')], purpose: [reason('BTG')] }
  const provision = { type: 'deny', provision: [exception] }
  assert.equal(ask(provision).reason, 'consent-denies')
  assert.equal(ask(provision, { requester: CUSTODIAN }).reason, 'consent-denies')
  assert.deepEqual(ask(provision, { purpose: reason('BTG'), emergency: 'unconscious' }), {
    decision: 'permit',
    reason: 'emergency',
    filter: { op: 'all' },
    consents: [],
  })
})

test('emergency access is denied by name alone, wholly or in part', () => {
  const emergency = { purpose: reason('BTG'), emergency: 'unconscious' }
  for (const code of ['BTG', 'ETREAT']) {
    assert.equal(ask({ type: 'deny', purpose: [reason(code)] }, emergency).reason, 'emergency-denied')
  }
  const partly = ask({ type: 'deny', purpose: [reason('BTG')], securityLabel: [sensitivity('PSY')] }, emergency)
  assert.deepEqual([released(partly, {}), released(partly, { labels: [sensitivity('PSY')] })], [true, false])
  assert.equal(ask({ type: 'permit' }, { purpose: reason('BTG') }).decision, 'deny', 'without a reason')
})

const NORMAL = [confidentiality('N')]
const unlabelled = {}
const low = { labels: [confidentiality('L')] }
const normal = { labels: [confidentiality('N')] }
const restricted = { labels: [confidentiality('R')] }
const veryRestricted = { labels: [confidentiality('V')] }
const psychiatric = { labels: [confidentiality('R'), sensitivity('PSY')] }
const sensitiveOnly = { labels: [sensitivity('PSY')] }

function releasedOf(decision: FileDecision): readonly boolean[] {
  return [unlabelled, low, normal, restricted, veryRestricted, psychiatric, sensitiveOnly].map((resource) =>
    released(decision, resource),
  )
}

test('advanced: normal data, and normal and restricted data', () => {
  const upToNormal = [true, true, true, false, false, false, false]
  assert.deepEqual(releasedOf(ask({ type: 'permit', purpose: TPO, securityLabel: NORMAL })), upToNormal)
  const both = [confidentiality('N'), confidentiality('R')]
  const upToRestricted = [true, true, true, true, false, true, true]
  assert.deepEqual(releasedOf(ask({ type: 'permit', purpose: TPO, securityLabel: both })), upToRestricted)
})

test('advanced: normal but not restricted data', () => {
  const exception = { type: 'deny', securityLabel: [confidentiality('R')] }
  const upToNormal = [true, true, true, false, false, false, false]
  const named = ask({ type: 'permit', purpose: TPO, securityLabel: NORMAL, provision: [exception] })
  assert.deepEqual(releasedOf(named), upToNormal)
  assert.deepEqual(releasedOf(ask({ type: 'permit', provision: [exception] })), upToNormal)
})

test('advanced: normal data for all, restricted data for one practitioner', () => {
  const exception = { type: 'permit', actor: [actor('Practitioner/alice')], securityLabel: [confidentiality('R')] }
  const provision = { type: 'permit', purpose: TPO, securityLabel: NORMAL, provision: [exception] }
  assert.deepEqual(releasedOf(ask(provision)), [true, true, true, true, false, true, true])
  const others = ask(provision, { practitioner: 'Practitioner/bob' })
  assert.deepEqual(releasedOf(others), [true, true, true, false, false, false, false])
  assert.equal(ask(provision, { purpose: reason('HRESCH') }).reason, 'no-consent', 'the purposes are taken over')
})

test('advanced: normal data for all, mental health or sexual violence for one practitioner', () => {
  const labels = [sensitivity('PSY'), sensitivity('SDV')]
  const exception = { type: 'permit', actor: [actor('Practitioner/alice')], securityLabel: labels }
  const provision = { type: 'permit', purpose: TPO, securityLabel: NORMAL, provision: [exception] }
  assert.deepEqual(releasedOf(ask(provision)), [true, true, true, false, false, true, true])
  assert.equal(released(ask(provision), { labels: [sensitivity('SDV')] }), true)
  assert.equal(released(ask(provision), { labels: [sensitivity('HIV')] }), false)
  assert.equal(released(ask(provision, { practitioner: null }), psychiatric), false)
})

test('advanced: normal data, and all of it in an emergency', () => {
  const exception = { type: 'permit', purpose: [reason('BTG')], securityLabel: [confidentiality('R')] }
  const provision = { type: 'permit', purpose: TPO, securityLabel: NORMAL, provision: [exception] }
  assert.equal(released(ask(provision), restricted), false)
  assert.equal(released(ask(provision, { purpose: reason('BTG'), emergency: 'unconscious' }), restricted), true)
})

test('a label covers its kinds: opioid use is a kind of substance abuse', () => {
  const exception = { type: 'deny', securityLabel: [sensitivity('ETH')] }
  const decision = ask({ type: 'permit', provision: [exception] })
  const labelled = (code: string): boolean => released(decision, { labels: [sensitivity(code)] })
  assert.deepEqual(['ETH', 'OPIOIDUD', 'ETHUD', 'PSY'].map(labelled), [false, false, false, true])
})

test('beyond PCF: types, codes, document types and actions', () => {
  const types = ask({ type: 'permit', class: [type('Observation'), type('Condition')] })
  assert.deepEqual(types.decision === 'permit' && types.filter, { op: 'type', types: ['Observation', 'Condition'] })
  const loinc = { system: 'http://loinc.org', code: '34133-9' }
  const document = ask({ type: 'permit', class: [loinc] })
  assert.equal(released(document, { type: 'DocumentReference', codes: [loinc] }), true)
  assert.equal(released(document, { codes: [loinc] }), false)
  const coded = ask({ type: 'permit', class: [type('Observation')], code: [{ coding: [loinc] }] })
  assert.deepEqual([released(coded, { codes: [loinc] }), released(coded, {})], [true, false])
  const action = (code: string): Json => ({ type: 'permit', action: [{ coding: [{ code }] }] })
  assert.equal(ask(action('access')).decision, 'permit')
  assert.equal(ask(action('disclose')).decision, 'permit')
  assert.equal(ask(action('collect')).decision, 'deny')
})

test('actors and periods narrow all the way down; a nested actor cannot widen them', () => {
  const nested = { type: 'permit', actor: [actor(`Organization/${HILLTOP}`)] }
  const provision = { type: 'permit', actor: [actor(`Organization/${LAKESIDE}`)], provision: [nested] }
  assert.equal(ask(provision).decision, 'permit')
  assert.equal(ask(provision, { requester: HILLTOP }).reason, 'no-consent')
  const late = { type: 'permit', period: { end: '2023' }, provision: [{ type: 'permit', period: { end: '2030' } }] }
  assert.equal(ask(late).reason, 'no-consent')
})

test('a root without a type leaves all to its exceptions', () => {
  const provision = { provision: [{ type: 'permit', class: [type('Condition')] }] }
  assert.deepEqual([released(ask(provision), { type: 'Condition' }), released(ask(provision), {})], [true, false])
  assert.equal(ask(provision, { requester: CUSTODIAN }).reason, 'inside')
})

test('a denial in one consent outweighs the permit of another', () => {
  const consents = [
    { id: '01', policy: compiled({ type: 'permit' }) },
    { id: '02', policy: compiled({ type: 'deny', class: [type('Condition')] }) },
  ]
  const decision = decideFile(request(), consents, LEDGER)
  assert.deepEqual(decision, {
    decision: 'permit',
    reason: 'consent',
    filter: { op: 'not', of: { op: 'type', types: ['Condition'] } },
    consents: ['01', '02'],
  })
  const refused = [...consents, { id: '03', policy: compiled({ type: 'deny' }) }]
  assert.equal(decideFile(request(), refused, LEDGER).reason, 'consent-denies')
})

test('a permit whose every type is denied is a refusal', () => {
  const denied = { type: 'deny', class: [type('Observation'), type('Condition')] }
  const consents = [
    { id: '01', policy: compiled({ type: 'permit', class: [type('Observation')] }) },
    { id: '02', policy: compiled(denied) },
  ]
  assert.equal(decideFile(request(), consents, LEDGER).reason, 'consent-denies')
})

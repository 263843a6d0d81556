import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import fc from 'fast-check'
import {
  actor,
  CUSTODIAN,
  compiled,
  consent,
  HILLTOP,
  type Json,
  LAKESIDE,
  reason,
  request,
  type,
} from '../../test/consents.ts'
import { PROVISION_DEPTH_MAX, PROVISIONS_MAX } from '../limits.ts'
import { evaluate } from './evaluate.ts'
import { type Actor, parsePolicy, RECIPIENT_EXTENSION } from './policy.ts'
import { PURPOSE_SYSTEM } from './request.ts'

function refusal(document: unknown): string {
  try {
    parsePolicy(typeof document === 'string' ? document : JSON.stringify(document))
    return 'accepted'
  } catch (error) {
    return isSalusError(error) ? error.code : `not a SalusError: ${error}`
  }
}

function actorOf(reference: unknown): Actor {
  const provision = { type: 'permit', actor: [{ ...actor(''), reference }] }
  return parsePolicy(JSON.stringify(consent(provision))).provision.actors[0] as Actor
}

test('reads who the document is about and who manages it', () => {
  const policy = parsePolicy(JSON.stringify(consent({ type: 'permit' })))
  assert.deepEqual([policy.patient, policy.custodians, policy.recipients], ['p', [CUSTODIAN], null])
  const elsewhere = consent({ type: 'permit' }, { organization: [{ reference: 'Organization/somewhere' }] })
  assert.deepEqual(parsePolicy(JSON.stringify(elsewhere)).custodians, [])
})

test('actors are members and practitioners; any other matches nobody', () => {
  assert.deepEqual(actorOf({ reference: `Organization/${LAKESIDE}` }), { kind: 'member', member: LAKESIDE })
  assert.deepEqual(actorOf({ reference: 'https://x.example/fhir/Practitioner/a-1' }), {
    kind: 'practitioner',
    reference: 'Practitioner/a-1',
  })
  const others = ['Device/d', 'Organization/somewhere', '#contained', 'urn:uuid:1', 'RelatedPerson/r', 'Practitioner/']
  for (const reference of others) assert.deepEqual(actorOf({ reference }), { kind: 'nobody' }, reference)
  assert.deepEqual(actorOf({ display: 'somebody' }), { kind: 'nobody' })
})

test('the recipient extension narrows the whole policy', () => {
  const narrowing = (member: string): Json => ({
    url: RECIPIENT_EXTENSION,
    valueReference: { reference: `Organization/${member}` },
  })
  const policy = compiled({ type: 'permit' }, { modifierExtension: [narrowing(LAKESIDE)] })
  assert.equal(evaluate(policy, request()).permit.op, 'all')
  assert.equal(evaluate(policy, request({ requester: HILLTOP })).permit.op, 'none')
  const both = compiled({ type: 'permit' }, { modifierExtension: [narrowing(LAKESIDE), narrowing(HILLTOP)] })
  assert.equal(evaluate(both, request()).permit.op, 'none')
})

test('what is not a live privacy consent is refused', () => {
  const provision = { type: 'permit' }
  assert.equal(refusal('{'), 'consent-malformed')
  assert.equal(refusal('null'), 'consent-malformed')
  assert.equal(refusal(consent(provision, { resourceType: 'Contract' })), 'consent-malformed')
  assert.equal(refusal(consent(provision, { provision: undefined })), 'consent-malformed')
  assert.equal(refusal(consent(provision, { patient: undefined })), 'consent-malformed')
  assert.equal(refusal(consent(provision, { status: 'draft' })), 'consent-not-active')
  assert.equal(refusal(consent(provision, { scope: { coding: [{ code: 'patient-privacy' }] } })), 'consent-not-privacy')
  assert.equal(refusal(consent({ ...provision, period: { end: 'soon' } })), 'consent-malformed')
})

test('what may change the meaning and is not understood is refused', () => {
  const modifier = { modifierExtension: [{ url: 'http://example.org/not' }] }
  const cases: Record<string, Json> = {
    'modifier of the root': consent({ type: 'permit' }, modifier),
    'modifier of a provision': consent({ type: 'permit', ...modifier }),
    'modifier of an actor': consent({ type: 'permit', actor: [{ ...actor('Practitioner/a'), ...modifier }] }),
    'rules beyond R4': consent({ type: 'permit' }, { implicitRules: 'http://example.org/rules' }),
    'an element of R5': consent({ type: 'permit' }, { decision: 'permit' }),
    'an element of R5 in a provision': consent({ type: 'permit', documentType: [] }),
    'an extended primitive': consent({ type: 'permit', _type: { extension: [] } }),
    'a nested provision without a type': consent({ type: 'permit', provision: [{}] }),
    'a base rule beside a root without a type': consent({}, { policyRule: { coding: [{ code: 'OPTOUT' }] } }),
    'a patient by identifier': consent({ type: 'permit' }, { patient: { identifier: { value: '1' } } }),
    'somebody else than a patient': consent({ type: 'permit' }, { patient: { reference: 'Group/g' } }),
    'an unknown class': consent({ type: 'permit', class: [type('Observaton')] }),
    'a profile': consent({ type: 'permit', class: [{ system: 'urn:ietf:rfc:3986', code: 'http://example.org/p' }] }),
    'an unknown action': consent({ type: 'deny', action: [{ coding: [{ code: 'sell' }] }] }),
    'a code in words': consent({ type: 'deny', code: [{ text: 'my knee' }] }),
    'data that is not referred to': consent({
      type: 'deny',
      data: [{ meaning: 'instance', reference: { display: 'my knee' } }],
    }),
    'an actor in another role': consent({
      type: 'deny',
      actor: [{ role: { coding: [{ code: 'AUT' }] }, reference: { reference: 'Practitioner/a' } }],
    }),
  }
  for (const [name, document] of Object.entries(cases)) assert.equal(refusal(document), 'consent-not-understood', name)
})

test('size is bounded in every direction', () => {
  const nested = (depth: number): Json =>
    depth === 1 ? { type: 'permit' } : { type: 'permit', provision: [nested(depth - 1)] }
  assert.equal(refusal(consent(nested(PROVISION_DEPTH_MAX))), 'accepted')
  assert.equal(refusal(consent(nested(PROVISION_DEPTH_MAX + 1))), 'consent-too-large')
  const wide = (count: number): Json => ({ type: 'permit', provision: Array(count).fill({ type: 'deny' }) })
  assert.equal(refusal(consent(wide(PROVISIONS_MAX - 1))), 'accepted')
  assert.equal(refusal(consent(wide(PROVISIONS_MAX))), 'consent-too-large')
  assert.equal(refusal(`{"provision":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), 'consent-malformed')
  assert.equal(refusal(' '.repeat(100_000)), 'consent-too-large')
})

test('what exceptions take over counts again, so a small document cannot become a huge query', () => {
  const data = Array.from({ length: 256 }, (_, i) => ({
    meaning: 'instance',
    reference: { reference: `Observation/${i}` },
  }))
  const exceptions = Array.from({ length: 100 }, () => ({ type: 'deny', dataPeriod: { start: '2022' } }))
  assert.ok(compiled({ type: 'permit', data }))
  assert.throws(
    () => compiled({ type: 'permit', data, provision: exceptions.map((rule, i) => ({ ...rule, code: [loinc(i)] })) }),
    (error) => isSalusError(error, 'consent-too-large'),
  )
})

function loinc(code: number): Json {
  return { coding: [{ system: 'http://loinc.org', code: `${code}` }] }
}

test('hostile documents are refused with a code or understood, and never break the parser', () => {
  const codes = /^consent-(malformed|not-understood|not-active|not-privacy|too-large)$|^accepted$/
  const keys = Object.keys(consent({ type: 'permit' }))
  const provisionKeys = [
    'type',
    'period',
    'actor',
    'action',
    'securityLabel',
    'purpose',
    'class',
    'code',
    'data',
    'provision',
  ]
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json({ maxDepth: 6 }),
        fc
          .tuple(fc.constantFrom(...keys, '__proto__', 'constructor'), fc.jsonValue())
          .map(([key, value]) =>
            JSON.stringify(
              consent({ type: 'permit' }, JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`)),
            ),
          ),
        fc
          .tuple(fc.constantFrom(...provisionKeys), fc.jsonValue())
          .map(([key, value]) => JSON.stringify(consent({ type: 'permit', [key]: value }))),
      ),
      (text) => assert.match(refusal(text), codes),
    ),
  )
})

test('a denial of an actor whom no request can be told from is refused, not passed over', () => {
  for (const reference of ['PractitionerRole/r', 'CareTeam/c', 'Organization/somewhere', '#contained']) {
    const denied = { type: 'deny', actor: [actor(reference)] }
    assert.throws(() => parsePolicy(JSON.stringify(consent(denied))), { code: 'consent-not-understood' }, reference)
    const nested = { type: 'permit', provision: [denied] }
    assert.throws(() => parsePolicy(JSON.stringify(consent(nested))), { code: 'consent-not-understood' }, reference)
  }
})

test('a purpose that R4 does not have is refused in every provision, since no request would ever be for it', () => {
  const unknown = [{ system: PURPOSE_SYSTEM, code: 'TREATMENT' }]
  const of = (provision: Json): string => refusal(consent(provision))
  assert.equal(of({ type: 'deny', purpose: unknown }), 'consent-not-understood')
  assert.equal(of({ type: 'deny', purpose: [{ code: 'TREATMENT' }] }), 'consent-not-understood')
  assert.equal(of({ type: 'permit', provision: [{ type: 'deny', purpose: unknown }] }), 'consent-not-understood')
  assert.equal(of({ type: 'permit', purpose: unknown }), 'consent-not-understood')
  assert.equal(of({ type: 'permit', purpose: [reason('TREAT'), { code: 'treat' }] }), 'consent-not-understood')
  assert.equal(of({ type: 'deny', provision: [{ type: 'permit', purpose: unknown }] }), 'consent-not-understood')
  assert.equal(of({ purpose: unknown, provision: [{ type: 'permit' }] }), 'consent-not-understood')
  assert.equal(of({ type: 'permit', purpose: [reason('BTG'), reason('COC')] }), 'accepted')
  assert.equal(of({ type: 'deny', purpose: [{ system: 'http://example.org', code: 'x' }] }), 'accepted')
  assert.equal(of({ type: 'deny', purpose: [{ system: PURPOSE_SYSTEM, code: 'PurposeOfUse' }] }), 'accepted')
  const old = compiled({ type: 'deny', purpose: [{ system: 'http://hl7.org/fhir/v3/ActReason', code: 'TREAT' }] })
  assert.equal(evaluate(old, request()).deny.op, 'all')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import { actor, CUSTODIAN, compiled, HILLTOP, type Json, LAKESIDE, reason, request } from '../../test/consents.ts'
import { LEDGER_LAG_MS_MAX, SEARCH_FILES_MAX } from '../limits.ts'
import { type Consents, decide, type LiveConsent } from './decide.ts'
import type { Decision } from './decision.ts'

const LEDGER = { memberActive: true, lagMs: 0 }
const EMERGENCY = { purpose: reason('BTG'), emergency: 'unconscious' }

/** Consents by patient; every patient is offered for every question. */
function consentsOf(provisions: Record<string, readonly Json[]>): Consents {
  const live = new Map<string, readonly LiveConsent[]>()
  for (const [patient, list] of Object.entries(provisions)) {
    live.set(
      patient,
      list.map((provision, i) => ({ id: `${patient}${i}`, policy: compiled(provision) })),
    )
  }
  return {
    live: (patient) => live.get(patient) ?? [],
    permitting: () => live.keys(),
    denying: () => live.keys(),
  }
}

const CONSENTS = consentsOf({
  open: [{ type: 'permit', actor: [actor(`Organization/${LAKESIDE}`)] }],
  partly: [{ type: 'permit', class: [{ code: 'Condition' }] }],
  closed: [{ type: 'deny' }],
})

function scopeOf(decision: Decision) {
  assert.equal(decision.decision, 'permit')
  const { files, others, general } = decision.permit.scope
  return { files: Object.fromEntries(files), others, general }
}

const CONDITIONS = { op: 'type', types: ['Condition'] }

test('another member gets the named patients whose consents permit it, and nothing of others', () => {
  const decision = decide(request(), ['open', 'partly', 'closed', 'unknown'], CONSENTS, LEDGER)
  assert.deepEqual(scopeOf(decision), {
    files: { open: { op: 'all' }, partly: CONDITIONS, closed: { op: 'none' }, unknown: { op: 'none' } },
    others: 'none',
    general: false,
  })
  assert.deepEqual(decision.files.get('closed'), { decision: 'deny', reason: 'consent-denies', consents: ['closed0'] })
  assert.deepEqual(decision.files.get('unknown'), { decision: 'deny', reason: 'no-consent', consents: [] })
})

test('a request about refused patients alone is refused, with the reason of each', () => {
  const decision = decide(request(), ['unknown', 'closed'], CONSENTS, LEDGER)
  assert.equal(decision.decision === 'deny' && decision.reason, 'consent-denies')
  assert.deepEqual(
    [...decision.files.values()].map((file) => file.reason),
    ['no-consent', 'consent-denies'],
  )
  const other = decide(request({ requester: HILLTOP }), ['open'], CONSENTS, LEDGER)
  assert.equal(other.decision === 'deny' && other.reason, 'no-consent')
})

test('a request over every record opens the patients whose consents permit it', () => {
  const expected = { files: { open: { op: 'all' }, partly: CONDITIONS }, others: 'none', general: false }
  assert.deepEqual(scopeOf(decide(request(), [], CONSENTS, LEDGER)), expected)
  const nobody = decide(request(), [], consentsOf({}), LEDGER)
  assert.equal(nobody.decision === 'deny' && nobody.reason, 'no-consent')
})

test('a request over more records than one search may touch fails', () => {
  const patients = Array.from({ length: SEARCH_FILES_MAX + 1 }, (_, i) => [`p${i}`, [{ type: 'permit' }]])
  const consents = consentsOf(Object.fromEntries(patients))
  assert.throws(
    () => decide(request(), [], consents, LEDGER),
    (error) => isSalusError(error, 'search-too-broad'),
  )
})

test('the custodian’s own staff get all but what consents deny', () => {
  const inside = request({ requester: CUSTODIAN })
  const everything = decide(inside, [], CONSENTS, LEDGER)
  assert.deepEqual(scopeOf(everything), { files: { closed: { op: 'none' } }, others: 'all', general: true })
  assert.equal(everything.decision === 'permit' && everything.otherwise.reason, 'inside')
  const named = decide(inside, ['unknown'], CONSENTS, LEDGER)
  assert.deepEqual(scopeOf(named), {
    files: { unknown: { op: 'all' }, closed: { op: 'none' } },
    others: 'all',
    general: true,
  })
  const refused = decide(inside, ['closed'], CONSENTS, LEDGER)
  assert.equal(refused.decision === 'deny' && refused.reason, 'consent-denies')
})

test('the operator is not filtered; an operator of another member is no operator here', () => {
  const own = decide(request({ requester: CUSTODIAN, operator: true }), ['closed'], CONSENTS, LEDGER)
  assert.deepEqual(scopeOf(own), { files: {}, others: 'all', general: true })
  assert.equal(decide(request({ operator: true }), ['closed'], CONSENTS, LEDGER).decision, 'deny')
})

test('a member that is not active is refused, in an emergency too', () => {
  for (const change of [{}, EMERGENCY]) {
    const decision = decide(request(change), ['open'], CONSENTS, { memberActive: false, lagMs: 0 })
    assert.equal(decision.decision === 'deny' && decision.reason, 'member-inactive')
    assert.equal(decision.files.get('open')?.reason, 'member-inactive')
  }
})

test('a ledger too far behind refuses other members but in an emergency', () => {
  const behind = { memberActive: true, lagMs: LEDGER_LAG_MS_MAX + 1 }
  const decision = decide(request(), ['open'], CONSENTS, behind)
  assert.equal(decision.decision === 'deny' && decision.reason, 'ledger-lag')
  assert.equal(decide(request(EMERGENCY), ['open'], CONSENTS, behind).decision, 'permit')
  assert.equal(decide(request({ requester: CUSTODIAN }), ['open'], CONSENTS, behind).decision, 'permit')
  const atLimit = { memberActive: true, lagMs: LEDGER_LAG_MS_MAX }
  assert.equal(decide(request(), ['open'], CONSENTS, atLimit).decision, 'permit')
})

test('emergency access needs a reason and, for another member, a named patient', () => {
  const decision = decide(request(EMERGENCY), ['closed', 'unknown'], CONSENTS, LEDGER)
  assert.deepEqual(scopeOf(decision).files, { closed: { op: 'all' }, unknown: { op: 'all' } })
  assert.equal(decision.files.get('closed')?.reason, 'emergency')
  assert.equal(decide(request(EMERGENCY), [], CONSENTS, LEDGER).decision, 'deny')
  assert.equal(decide(request({ purpose: reason('BTG') }), ['open'], CONSENTS, LEDGER).decision, 'deny')
  assert.equal(decide(request({ emergency: 'unconscious' }), ['closed'], CONSENTS, LEDGER).decision, 'deny')
  const denied = consentsOf({ p: [{ type: 'deny', purpose: [reason('BTG')] }] })
  const refused = decide(request(EMERGENCY), ['p'], denied, LEDGER)
  assert.equal(refused.decision === 'deny' && refused.reason, 'emergency-denied')
})

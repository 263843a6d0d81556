/** A patient reads the own record, whatever consents say, and nobody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import { type AccessRequest, PURPOSE_SYSTEM } from './request.ts'

const NO_CONSENTS = { live: () => [], permitting: () => [], denying: () => [] }
const FACTS = { memberActive: false, lagMs: 0 }
const MEMBER = 'a'.repeat(32)
const REQUEST: AccessRequest = {
  requester: MEMBER,
  custodian: MEMBER,
  practitioner: null,
  operator: false,
  self: ['p1'],
  purpose: { system: PURPOSE_SYSTEM, code: 'PATRQT' },
  emergency: null,
  timeMs: 1,
}

test('the own record is open, all of it, and no other', () => {
  for (const named of [[], ['p1'], ['p1', 'p2']]) {
    const decision = decide(REQUEST, named, NO_CONSENTS, FACTS)
    assert.ok(decision.decision === 'permit')
    const { files, others } = decision.permit.scope
    assert.equal(others, 'none')
    assert.deepEqual(files.get('p1'), { op: 'all' })
    assert.deepEqual(files.get('p2'), named.includes('p2') ? { op: 'none' } : undefined)
    assert.equal(decision.files.get('p1')?.reason, 'patient')
  }
})

test('somebody else’s record is refused as one that is not there', () => {
  for (const named of [['p2'], ['absent-1']]) {
    const decision = decide(REQUEST, named, NO_CONSENTS, FACTS)
    assert.deepEqual([decision.decision, decision.decision === 'deny' && decision.reason], ['deny', 'no-consent'])
  }
})

test('a key that is enrolled for no living patient reads nothing', () => {
  const decision = decide({ ...REQUEST, self: [] }, [], NO_CONSENTS, FACTS)
  assert.ok(decision.decision === 'permit')
  assert.equal(decision.permit.scope.others, 'none')
  assert.equal(decision.permit.scope.files.size, 0)
})

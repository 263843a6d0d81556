import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ada, bert, fourMembers, proposal, stranger, suspendAda } from '../../test/members.ts'
import { admission, GENESIS_TIME_MS, rotation, testKey, testMember } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, keys, members, membership, rotateKey } from '../index.ts'

const second = testKey('second')
const third = testKey('third')

function rotating(memberId: string, key: ReturnType<typeof testKey>) {
  return call(membership, rotateKey, rotation(memberId, key))
}

test('the new key acts for the member, and the old one for nobody, within the same transaction', () => {
  const ledger = fourMembers()
  const before = members.get(ledger.state, ada.id)
  const { timeMs } = ledger
  const proposing = proposal(ledger, 'p', admission(testMember('eve')))
  assert.equal(ledger.apply(ada.key, rotating(ada.id, second), proposing), 'not-a-member')
  assert.equal(ledger.apply(ada.key, rotating(ada.id, second)), null)
  assert.equal(ledger.apply(ada.key, proposing), 'not-a-member')
  assert.equal(ledger.apply(second, proposing), null)
  assert.deepEqual(members.get(ledger.state, ada.id), { ...before, signingKey: second.bytes, keySinceMs: timeMs })
  const old = { memberId: ada.id, sinceMs: GENESIS_TIME_MS, untilMs: timeMs }
  assert.deepEqual(keys.get(ledger.state, ada.key.bytes), old)
  assert.deepEqual(keys.get(ledger.state, second.bytes), { memberId: ada.id, sinceMs: timeMs, untilMs: null })
})

test('no key ever comes back, not even for the member that had it', () => {
  const ledger = fourMembers()
  assert.equal(ledger.apply(ada.key, rotating(ada.id, second)), null)
  assert.equal(ledger.apply(second, rotating(ada.id, third)), null)
  assert.equal(ledger.apply(third, rotating(ada.id, ada.key)), 'key-already-used')
  assert.equal(ledger.apply(third, rotating(ada.id, third)), 'key-already-used')
  assert.equal(ledger.apply(bert.key, rotating(bert.id, second)), 'key-already-used')
})

test('a proof made for one member does not serve another', () => {
  assert.equal(fourMembers().apply(bert.key, rotating(ada.id, second)), 'key-proof-invalid')
})

testRefusals(rotateKey, {
  'not-a-member': () => fourMembers().apply(stranger, rotating(ada.id, second)),
  'member-suspended': () => suspendAda(fourMembers()).apply(ada.key, rotating(ada.id, second)),
  'key-already-used': () => fourMembers().apply(ada.key, rotating(ada.id, bert.key)),
  'key-proof-invalid': () => {
    const { proof } = rotation(ada.id, third)
    const stolen = call(membership, rotateKey, { newSigningKey: second.bytes, proof })
    return fourMembers().apply(ada.key, stolen)
  },
})

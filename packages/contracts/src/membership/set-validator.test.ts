import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VALIDATORS_MAX } from '@salus/core'
import { ada, ballot, bert, cleo, dora, fourMembers, proposal, stranger, suspendAda } from '../../test/members.ts'
import {
  admission,
  id,
  MemoryLedger,
  rotation,
  type TestKey,
  testKey,
  testMember,
  validating,
  validation,
} from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, membership, propose, rotateKey, setValidator, validatorKeys, validators } from '../index.ts'

const second = testKey('consensus second')
const keyOf = (name: string) => testKey(`consensus ${name}`)
const entry = (member: { id: string }, key: TestKey) => ({ memberId: member.id, publicKey: key.bytes })
const entering = (member: { id: string }, key: TestKey) => call(membership, setValidator, validation(member.id, key))
const leaving = call(membership, setValidator, { key: null })

/** Ada and Bert validate, Cleo and Dora do not. */
function network(): MemoryLedger {
  return new MemoryLedger(validating(ada), validating(bert), cleo, dora)
}

/** Of the four members Ada alone validates. */
function adaAlone(): MemoryLedger {
  const ledger = network()
  assert.equal(ledger.apply(bert.key, leaving), null)
  return ledger
}

test('the genesis names the first validators', () => {
  const { state } = network()
  assert.deepEqual(validators.get(state), [entry(ada, keyOf('ada')), entry(bert, keyOf('bert'))])
  assert.deepEqual(validatorKeys.get(state, keyOf('bert').bytes), { memberId: bert.id })
  assert.equal(validators.get(fourMembers().state), undefined)
})

test('a member enters, changes its key in its place, leaves, and comes back by a key it had', () => {
  const ledger = network()
  const is = (...expected: { memberId: string; publicKey: Uint8Array }[]) =>
    assert.deepEqual(validators.get(ledger.state), expected)
  assert.equal(ledger.apply(cleo.key, entering(cleo, keyOf('cleo'))), null)
  is(entry(ada, keyOf('ada')), entry(bert, keyOf('bert')), entry(cleo, keyOf('cleo')))
  assert.equal(ledger.apply(ada.key, entering(ada, second)), null)
  is(entry(ada, second), entry(bert, keyOf('bert')), entry(cleo, keyOf('cleo')))
  assert.equal(ledger.apply(ada.key, leaving), null)
  is(entry(bert, keyOf('bert')), entry(cleo, keyOf('cleo')))
  assert.equal(ledger.apply(ada.key, leaving), 'not-a-validator')
  assert.equal(ledger.apply(ada.key, entering(ada, keyOf('ada'))), null)
  is(entry(bert, keyOf('bert')), entry(cleo, keyOf('cleo')), entry(ada, keyOf('ada')))
  assert.equal(ledger.apply(ada.key, entering(ada, keyOf('ada'))), null)
  is(entry(bert, keyOf('bert')), entry(cleo, keyOf('cleo')), entry(ada, keyOf('ada')))
})

test('no key ever serves two members, and a proof serves one', () => {
  const ledger = network()
  assert.equal(ledger.apply(ada.key, entering(ada, second)), null)
  for (const key of [keyOf('ada'), second])
    assert.equal(ledger.apply(cleo.key, entering(cleo, key)), 'validator-key-used')
  assert.equal(ledger.apply(cleo.key, entering(dora, keyOf('cleo'))), 'validator-proof-invalid')
})

test('a rotated signing key leaves the validator as it is', () => {
  const ledger = network()
  const before = validators.get(ledger.state)
  const key = testKey('ada 2')
  assert.equal(ledger.apply(ada.key, call(membership, rotateKey, rotation(ada.id, key))), null)
  assert.deepEqual(validators.get(ledger.state), before)
  assert.equal(ledger.apply(ada.key, leaving), 'not-a-member')
  assert.equal(ledger.apply(key, leaving), null)
})

test('suspension takes a validator out, and reinstatement does not bring it back', () => {
  const ledger = suspendAda(network())
  assert.deepEqual(validators.get(ledger.state), [entry(bert, keyOf('bert'))])
  const action = { kind: 'reinstate', value: { memberId: ada.id } } as const
  assert.equal(ledger.apply(bert.key, proposal(ledger, 'back', action)), null)
  for (const { key } of [cleo, dora]) assert.equal(ledger.apply(key, ballot('back')), null)
  assert.deepEqual(validators.get(ledger.state), [entry(bert, keyOf('bert'))])
  assert.equal(ledger.apply(ada.key, entering(ada, keyOf('ada'))), null)
})

test('the suspension of who does not validate changes no validator', () => {
  const ledger = new MemoryLedger(ada, validating(bert), cleo, dora)
  const before = ledger.dump()
  suspendAda(ledger)
  const key = before.find(([, row]) => row.includes(Buffer.from(keyOf('bert').bytes).toString('hex')))
  assert.ok(key && ledger.dump().some(([name, row]) => name === key[0] && row === key[1]))
})

test('the last validator neither leaves nor is suspended, not even when it was not the last at the proposal', () => {
  const action = { kind: 'suspend', value: { memberId: ada.id } } as const
  const alone = adaAlone()
  assert.equal(alone.apply(ada.key, leaving), 'last-validator')
  assert.equal(alone.apply(bert.key, proposal(alone, 'p', action)), 'last-validator')
  const ledger = network()
  assert.equal(ledger.apply(bert.key, proposal(ledger, 'p', action)), null)
  assert.equal(ledger.apply(cleo.key, ballot('p')), null)
  assert.equal(ledger.apply(bert.key, leaving), null)
  assert.equal(ledger.apply(dora.key, ballot('p')), 'last-validator')
})

function fullNetwork(): MemoryLedger {
  const others = Array.from({ length: VALIDATORS_MAX }, (_, i) => validating(testMember(`m${i}`)))
  return new MemoryLedger(ada, ...others)
}

test('a full set has room for a new key, and again when somebody left', () => {
  const ledger = fullNetwork()
  const other = testMember('m7')
  assert.equal(ledger.apply(other.key, entering(other, second)), null)
  assert.equal(ledger.apply(other.key, leaving), null)
  assert.equal(ledger.apply(ada.key, entering(ada, keyOf('ada'))), null)
})

test('a member admitted by vote may validate', () => {
  const ledger = new MemoryLedger(validating(ada))
  const eve = testMember('eve')
  const expiresAtMs = ledger.timeMs + 1000
  assert.equal(
    ledger.apply(ada.key, call(membership, propose, { proposalId: id('p'), action: admission(eve), expiresAtMs })),
    null,
  )
  assert.equal(ledger.apply(eve.key, entering(eve, second)), null)
  assert.equal(ledger.apply(ada.key, leaving), null)
  assert.deepEqual(validators.get(ledger.state), [entry(eve, second)])
})

testRefusals(setValidator, {
  'not-a-member': () => network().apply(stranger, leaving),
  'member-suspended': () => suspendAda(network()).apply(ada.key, entering(ada, second)),
  'validators-not-used': () => fourMembers().apply(ada.key, entering(ada, second)),
  'last-validator': () => adaAlone().apply(ada.key, leaving),
  'not-a-validator': () => network().apply(cleo.key, leaving),
  'validator-key-used': () => network().apply(cleo.key, entering(cleo, keyOf('ada'))),
  'validator-proof-invalid': () => network().apply(cleo.key, entering(ada, second)),
  'validators-full': () => fullNetwork().apply(ada.key, entering(ada, keyOf('ada'))),
})

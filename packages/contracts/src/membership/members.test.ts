import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import { ada, bert } from '../../test/members.ts'
import { GENESIS_TIME_MS, MemoryLedger, type TestMember } from '../../test/memory-ledger.ts'
import { count, handles, keys, members, protocol, protocolInForce } from '../index.ts'

test('genesis writes each member with its key and handle', () => {
  const { state } = new MemoryLedger(ada, bert)
  for (const member of [ada, bert]) {
    const { id: memberId, ...genesis } = member.genesis
    const since = { admittedAtMs: GENESIS_TIME_MS, keySinceMs: GENESIS_TIME_MS }
    assert.deepEqual(members.get(state, memberId), { ...genesis, status: 'active', ...since })
    const key = { memberId, sinceMs: GENESIS_TIME_MS, untilMs: null }
    assert.deepEqual(keys.get(state, member.key.bytes), key)
    assert.deepEqual(handles.get(state, genesis.handle), { memberId })
  }
  assert.deepEqual(count.get(state), { members: 2, active: 2 })
  assert.deepEqual(protocol.get(state), { version: 1, pending: null })
})

test('genesis refuses members that share a key or handle, or that no row could hold', () => {
  const changed = (change: object): TestMember => ({ ...bert, genesis: { ...bert.genesis, ...change } })
  const cases: [TestMember, string][] = [
    [changed({ signingKey: ada.key.bytes }), 'genesis-member-repeated'],
    [changed({ handle: 'ada' }), 'genesis-member-repeated'],
    [changed({ handle: 'Bert!' }), 'schema-mismatch'],
    [changed({ url: 'bert.example' }), 'schema-mismatch'],
  ]
  for (const [member, code] of cases) {
    assert.throws(
      () => new MemoryLedger(ada, member),
      (error) => isSalusError(error, code),
    )
  }
})

test('a pending version is in force from its height on', () => {
  const { state } = new MemoryLedger(ada)
  assert.equal(protocolInForce(state, 1_000_000), 1)
  protocol.put(state, { version: 1, pending: { version: 3, height: 20 } })
  assert.equal(protocolInForce(state, 19), 1)
  assert.equal(protocolInForce(state, 20), 3)
})

test('a state without its fixed rows is an error, not a refusal', () => {
  const empty = { get: () => undefined }
  assert.throws(
    () => protocolInForce(empty, 1),
    (error) => isSalusError(error, 'state-inconsistent'),
  )
})

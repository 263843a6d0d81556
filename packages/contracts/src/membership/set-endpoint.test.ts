import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import { ada, fourMembers, stranger, suspendAda } from '../../test/members.ts'
import { hash } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, members, membership, setEndpoint } from '../index.ts'

const endpoint = { url: 'https://new.example/salus', encryptionKey: hash('new') }
const moving = call(membership, setEndpoint, endpoint)

test('changes the address and the encryption key, and nothing else', () => {
  const ledger = fourMembers()
  const before = members.get(ledger.state, ada.id)
  assert.equal(ledger.apply(ada.key, moving), null)
  assert.deepEqual(members.get(ledger.state, ada.id), { ...before, ...endpoint })
})

test('what is not an HTTP URL does not even parse', () => {
  const script = call(membership, setEndpoint, { ...endpoint, url: 'javascript:alert(1)' })
  assert.throws(
    () => fourMembers().apply(ada.key, script),
    (error) => isSalusError(error, 'schema-mismatch'),
  )
})

testRefusals(setEndpoint, {
  'not-a-member': () => fourMembers().apply(stranger, moving),
  'member-suspended': () => suspendAda(fourMembers()).apply(ada.key, moving),
})

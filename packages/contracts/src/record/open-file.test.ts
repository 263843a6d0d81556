import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START } from '@salus/core'
import { opening } from '../../test/files.ts'
import { ada, bert, fourMembers, stranger, suspendAda } from '../../test/members.ts'
import { id } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { files, openFile } from '../index.ts'

test('the signer is the custodian of an empty file', () => {
  const ledger = fourMembers()
  assert.equal(ledger.apply(ada.key, opening('x')), null)
  assert.deepEqual(files.get(ledger.state, id('x')), {
    custodian: ada.id,
    status: 'open',
    openedAtMs: ledger.timeMs,
    versions: 0,
    head: CHAIN_START,
    anchoredAtMs: 0,
  })
})

test('a key of another scheme is no member, whatever its bytes', () => {
  const passkey = { scheme: 'webauthn-es256', bytes: ada.key.bytes } as const
  assert.equal(fourMembers().apply(passkey, opening('x')), 'not-a-member')
})

testRefusals(openFile, {
  'not-a-member': () => fourMembers().apply(stranger, opening('x')),
  'member-suspended': () => suspendAda(fourMembers()).apply(ada.key, opening('x')),
  'file-exists': () => {
    const ledger = fourMembers()
    assert.equal(ledger.apply(ada.key, opening('x')), null)
    return ledger.apply(bert.key, opening('x'))
  },
})

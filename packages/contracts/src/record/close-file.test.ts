import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adasFiles, closing } from '../../test/files.ts'
import { ada, bert, stranger, suspendAda } from '../../test/members.ts'
import { id } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { closeFile, files } from '../index.ts'

test('changes nothing of the file but its status', () => {
  const ledger = adasFiles()
  const before = files.get(ledger.state, id('x'))
  ledger.timeMs += 10
  assert.equal(ledger.apply(ada.key, closing('x')), null)
  assert.deepEqual(files.get(ledger.state, id('x')), { ...before, status: 'closed' })
  assert.equal(files.get(ledger.state, id('y'))?.status, 'open')
})

testRefusals(closeFile, {
  'not-a-member': () => adasFiles().apply(stranger, closing('x')),
  'member-suspended': () => suspendAda(adasFiles()).apply(ada.key, closing('x')),
  'file-unknown': () => adasFiles().apply(ada.key, closing('z')),
  'not-the-custodian': () => adasFiles().apply(bert.key, closing('x')),
  'file-closed': () => adasFiles().apply(ada.key, closing('x'), closing('x')),
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START, DOMAIN, domainHash, type FileBatch, fromHex } from '@salus/core'
import { adasFiles, batch, closing } from '../../test/files.ts'
import { ada, bert, stranger, suspendAda } from '../../test/members.ts'
import { id } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, commitBatch, disclosure, disclosures } from '../index.ts'

function committing(...batches: FileBatch[]) {
  return call(disclosure, commitBatch, { files: batches })
}

test('counts entries and emergencies, and chains the roots', () => {
  const ledger = adasFiles()
  assert.equal(disclosures.get(ledger.state, id('x')), undefined)
  assert.equal(ledger.apply(ada.key, committing(batch('x', 3, 3), batch('y'))), null)
  ledger.timeMs += 10
  assert.equal(ledger.apply(ada.key, committing(batch('x', 5, 1))), null)
  const first = domainHash(DOMAIN.disclosureChain, CHAIN_START, fromHex('0000000000000003'), batch('x', 3).root)
  const head = domainHash(DOMAIN.disclosureChain, first, fromHex('0000000000000005'), batch('x', 5).root)
  const expected = { entries: 8, emergencies: 4, head, committedAtMs: ledger.timeMs }
  assert.deepEqual(disclosures.get(ledger.state, id('x')), expected)
})

test('a closed file accepts disclosures, for example of refused requests', () => {
  assert.equal(adasFiles().apply(ada.key, closing('x'), committing(batch('x'))), null)
})

testRefusals(commitBatch, {
  'not-a-member': () => adasFiles().apply(stranger, committing(batch('x'))),
  'member-suspended': () => suspendAda(adasFiles()).apply(ada.key, committing(batch('x'))),
  'file-repeated': () => adasFiles().apply(ada.key, committing(batch('x'), batch('x'))),
  'batch-empty': () => adasFiles().apply(ada.key, committing(batch('x', 0))),
  'file-unknown': () => adasFiles().apply(ada.key, committing(batch('z'))),
  'not-the-custodian': () => adasFiles().apply(bert.key, committing(batch('x'))),
  'emergencies-exceed-count': () => adasFiles().apply(ada.key, committing(batch('x', 2, 3))),
})

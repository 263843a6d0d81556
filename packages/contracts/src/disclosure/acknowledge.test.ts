import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START, DOMAIN, domainHash, type FileBatch, fromHex } from '@salus/core'
import { adasFiles, batch } from '../../test/files.ts'
import { ada, bert, cleo, dora, stranger, suspendAda } from '../../test/members.ts'
import { id } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { acknowledge, call, disclosure, disclosures, receipts } from '../index.ts'

function acknowledging(...batches: FileBatch[]) {
  return call(disclosure, acknowledge, { files: batches })
}

test('counts and chains per recipient, whatever the custodian committed', () => {
  const ledger = adasFiles()
  assert.equal(ledger.apply(bert.key, acknowledging(batch('x', 2), batch('y'))), null)
  assert.equal(ledger.apply(cleo.key, acknowledging(batch('x', 1))), null)
  ledger.timeMs += 10
  assert.equal(ledger.apply(bert.key, acknowledging(batch('x', 7))), null)
  const first = domainHash(DOMAIN.disclosureChain, CHAIN_START, fromHex('0000000000000002'), batch('x', 2).root)
  const head = domainHash(DOMAIN.disclosureChain, first, fromHex('0000000000000007'), batch('x', 7).root)
  const expected = { entries: 9, head, committedAtMs: ledger.timeMs }
  assert.deepEqual(receipts.get(ledger.state, id('x'), bert.id), expected)
  assert.equal(receipts.get(ledger.state, id('x'), cleo.id)?.entries, 1)
  assert.equal(receipts.get(ledger.state, id('x'), dora.id), undefined)
  assert.equal(disclosures.get(ledger.state, id('x')), undefined)
})

testRefusals(acknowledge, {
  'not-a-member': () => adasFiles().apply(stranger, acknowledging(batch('x'))),
  'member-suspended': () => suspendAda(adasFiles()).apply(ada.key, acknowledging(batch('x'))),
  'file-repeated': () => adasFiles().apply(bert.key, acknowledging(batch('x'), batch('x'))),
  'batch-empty': () => adasFiles().apply(bert.key, acknowledging(batch('x', 0))),
  'emergencies-not-counted': () => adasFiles().apply(bert.key, acknowledging(batch('x', 1, 1))),
  'file-unknown': () => adasFiles().apply(bert.key, acknowledging(batch('z'))),
  'recipient-is-custodian': () => adasFiles().apply(ada.key, acknowledging(batch('x'))),
})

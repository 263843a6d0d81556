import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START, DOMAIN, domainHash, type FileBatch, fromHex } from '@salus/core'
import { adasFiles, batch, closing } from '../../test/files.ts'
import { ada, bert, stranger, suspendAda } from '../../test/members.ts'
import { id } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { anchor, call, files, record } from '../index.ts'

function anchoring(...batches: FileBatch[]) {
  return call(record, anchor, { files: batches })
}

test('counts the versions of each file and chains their roots', () => {
  const ledger = adasFiles()
  const opened = files.get(ledger.state, id('x'))
  assert.equal(ledger.apply(ada.key, anchoring(batch('x', 3), batch('y', 1))), null)
  ledger.timeMs += 10
  assert.equal(ledger.apply(ada.key, anchoring(batch('x', 258))), null)
  const first = domainHash(DOMAIN.recordChain, CHAIN_START, fromHex('0000000000000003'), batch('x', 3).root)
  const head = domainHash(DOMAIN.recordChain, first, fromHex('0000000000000102'), batch('x', 258).root)
  assert.deepEqual(files.get(ledger.state, id('x')), { ...opened, versions: 261, head, anchoredAtMs: ledger.timeMs })
  assert.equal(files.get(ledger.state, id('y'))?.versions, 1)
})

test('one bad file of a batch undoes the others', () => {
  const ledger = adasFiles()
  const before = ledger.dump()
  assert.equal(ledger.apply(ada.key, anchoring(batch('x'), batch('z'))), 'file-unknown')
  assert.deepEqual(ledger.dump(), before)
})

testRefusals(anchor, {
  'not-a-member': () => adasFiles().apply(stranger, anchoring(batch('x'))),
  'member-suspended': () => suspendAda(adasFiles()).apply(ada.key, anchoring(batch('x'))),
  'file-repeated': () => adasFiles().apply(ada.key, anchoring(batch('x'), batch('y'), batch('x', 2))),
  'batch-empty': () => adasFiles().apply(ada.key, anchoring(batch('x', 0))),
  'emergencies-not-counted': () => adasFiles().apply(ada.key, anchoring(batch('x', 2, 1))),
  'file-unknown': () => adasFiles().apply(ada.key, anchoring(batch('z'))),
  'not-the-custodian': () => adasFiles().apply(bert.key, anchoring(batch('x'))),
  'file-closed': () => adasFiles().apply(ada.key, closing('x'), anchoring(batch('x'))),
})

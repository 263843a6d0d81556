import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LedgerStatus } from '@salus/ledger'
import { caughtUp } from './caught-up.ts'
import { LEDGER_LAG_MS_MAX } from './limits.ts'

/** A replica whose status is the next of these at each look. */
function replica(looks: readonly Pick<LedgerStatus, 'height' | 'lagMs'>[]) {
  let look = 0
  return {
    get looks() {
      return look
    },
    status: () => looks[Math.min(look++, looks.length - 1)] as LedgerStatus,
  }
}

test('waits for the block of a receipt that another member gave', async () => {
  const behind = { height: 1, lagMs: 100 }
  const ledger = replica([behind, behind, { height: 2, lagMs: 0 }])
  await caughtUp(ledger, 2)
  assert.equal(ledger.looks, 3)
})

test('ends where the gate refuses other members anyway', async () => {
  const ledger = replica([
    { height: 1, lagMs: LEDGER_LAG_MS_MAX },
    { height: 1, lagMs: LEDGER_LAG_MS_MAX + 1 },
  ])
  await caughtUp(ledger, 2)
  assert.equal(ledger.looks, 2)
})

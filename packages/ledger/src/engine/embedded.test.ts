import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readGenesis } from '@salus/core'
import { openCheckpoint } from '@salus/proof'
import { EmbeddedLedger } from './embedded.ts'
import { ledgerSuite, steppedClock } from './suite.ts'
import { ENGINE_KEY, putCall, signedTransaction, TEST_RULES, TEST_TIME_MS, testGenesis } from './test-rules.ts'

const genesis = testGenesis()

function open(directory: string, clock: () => number): EmbeddedLedger {
  return new EmbeddedLedger({ directory, clock, genesis, engineKey: ENGINE_KEY, rules: TEST_RULES })
}

ledgerSuite(() => {
  const clock = steppedClock()
  return { name: 'embedded', genesis, clock, open: async (directory) => open(directory, clock.now) }
})

test('transactions are logged in the order in which they came', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'salus-ledger-'))
  const ledger = open(directory, () => TEST_TIME_MS)
  const wires = await Promise.all(Array.from({ length: 300 }, (_, n) => signedTransaction([putCall(n, 'x')])))
  const receipts = await Promise.all(wires.map((wire) => ledger.submit(wire)))
  assert.deepEqual(
    receipts.map(({ logIndex }) => logIndex),
    wires.map((_, n) => n),
  )
  await ledger.close()
  rmSync(directory, { recursive: true })
})

test('block time moves forward even when the clock does not, and the checkpoint states the head', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'salus-ledger-'))
  const clock = steppedClock()
  const ledger = open(directory, clock.now)
  const times: number[] = []
  for (const nowMs of [TEST_TIME_MS, TEST_TIME_MS, TEST_TIME_MS - 5000, TEST_TIME_MS + 50]) {
    clock.nowMs = nowMs
    times.push((await ledger.submit(await signedTransaction([putCall(1, 'x')]))).timeMs - TEST_TIME_MS)
  }
  assert.deepEqual(times, [0, 1, 2, 50])
  const { origin: _, ...stated } = openCheckpoint(ledger.checkpoint(), readGenesis(genesis))
  const { height, timeMs, logSize, logRoot, stateRoot, protocol } = ledger.status()
  assert.deepEqual(stated, { height, timeMs, logSize, logRoot, stateRoot, protocol })
  await ledger.close()
  rmSync(directory, { recursive: true })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRANSACTION_BYTES_MAX } from '@salus/core'
import fc from 'fast-check'
import { acceptsProposal, BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, selectTransactions } from './engine.ts'

const wires = fc.array(
  fc.integer({ min: 1, max: TRANSACTION_BYTES_MAX }).map((length) => new Uint8Array(length)),
  {
    maxLength: 100,
  },
)

test('what is selected for a proposal is the longest beginning that fits, and is accepted', () => {
  fc.assert(
    fc.property(wires, fc.integer({ min: 0, max: BLOCK_BYTES_MAX }), (offered, bytesMax) => {
      const selected = selectTransactions(offered, bytesMax)
      const bytes = selected.reduce((sum, { length }) => sum + length, 0)
      const next = offered[selected.length]
      assert.ok(bytes <= bytesMax && (next === undefined || bytes + next.length > bytesMax))
      assert.ok(acceptsProposal(selected))
    }),
    { numRuns: 50 },
  )
})

test('a proposal beyond a limit is refused', () => {
  const small = new Uint8Array(1)
  assert.ok(!acceptsProposal([new Uint8Array(0)]))
  assert.ok(!acceptsProposal([new Uint8Array(TRANSACTION_BYTES_MAX + 1)]))
  assert.ok(!acceptsProposal(new Array(BLOCK_TRANSACTIONS_MAX + 1).fill(small)))
  assert.ok(acceptsProposal(new Array(BLOCK_TRANSACTIONS_MAX).fill(small)))
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TRANSACTION_LIFETIME_MS_MAX } from '@salus/core'
import { checkTransaction } from './audit.ts'
import { Application } from './engine/application.ts'
import type { DecidedBlock } from './engine/engine.ts'
import { putCall, signedTransaction, TEST_RULES, TEST_TIME_MS, testGenesis, values } from './engine/test-rules.ts'
import { restoreSnapshot, takeSnapshot } from './snapshot.ts'

const genesis = testGenesis()

async function blockOf(height: number, timeMs: number, count: number): Promise<DecidedBlock> {
  const expiresAtMs = timeMs + 60_000
  const sign = (i: number): Promise<Uint8Array> =>
    signedTransaction([putCall(1000 * height + i, `${height}`)], { expiresAtMs })
  const wires = await Promise.all(Array.from({ length: count }, (_, i) => sign(i)))
  return { height, timeMs, transactions: wires.map((wire) => ({ wire, checked: checkTransaction(wire) })) }
}

test('a replica restored from a snapshot goes on as the one it came from', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'salus-snapshot-'))
  const open = (name: string): Application =>
    new Application({ directory: join(directory, name), genesis, rules: TEST_RULES })
  const source = open('source')
  const late = TEST_TIME_MS + TRANSACTION_LIFETIME_MS_MAX + 100_000
  const blocks: DecidedBlock[] = []
  for (const [height, count] of [
    [1, 700],
    [2, 300],
    [3, 20],
    [4, 500],
  ] as const) {
    const block = await blockOf(height, height < 3 ? TEST_TIME_MS + height : late + height, count)
    blocks.push(block)
    source.finalize(block)
    source.commit()
  }
  const chunks: Uint8Array[] = []
  const manifest = takeSnapshot(source, (chunk) => chunks.push(chunk))
  assert.equal(manifest.tailStart, 768)
  const { height, timeMs } = source.head
  const trusted = { height, timeMs, appHash: source.appHash() }
  restoreSnapshot(join(directory, 'copy'), genesis, trusted, manifest, chunks)

  let copy = open('copy')
  assert.deepEqual({ ...copy.head }, source.head)
  assert.deepEqual(copy.proveState(values.key(4001)), source.proveState(values.key(4001)))
  assert.deepEqual(copy.block(4), source.block(4))
  assert.throws(() => copy.proveEntry(3), { code: 'log-tile-missing' })
  for (let next = 5; next <= 12; next++) {
    const fresh = await blockOf(next, late + next, 150)
    const again = blocks[3]?.transactions[next] as DecidedBlock['transactions'][number]
    const block = { ...fresh, transactions: [...fresh.transactions, again] }
    const expected = source.finalize(block)
    assert.equal(expected.codes.at(-1), 'replayed')
    source.commit()
    if (next % 3 === 0) {
      copy.close()
      copy = open('copy')
    }
    assert.deepEqual(copy.finalize(block), expected)
    copy.commit()
  }
  source.close()
  copy.close()

  const refused = (
    what: string,
    ...[wanted, described, given]: [typeof trusted, typeof manifest, Uint8Array[]]
  ): void => {
    const restore = (): void => restoreSnapshot(join(directory, what), genesis, wanted, described, given)
    assert.throws(restore, { code: 'snapshot-refused' }, what)
  }
  refused('hash', { ...trusted, appHash: new Uint8Array(32) }, manifest, chunks)
  refused('time', { ...trusted, timeMs: timeMs + 1 }, manifest, chunks)
  refused(
    'chunk',
    trusted,
    manifest,
    chunks.map((chunk) => chunk.with(40, (chunk[40] as number) ^ 1)),
  )
  refused('missing', trusted, manifest, chunks.slice(1))
  refused('edge', trusted, { ...manifest, edges: [new Uint8Array(3 * 32)] }, chunks)
  refused('keys', trusted, { ...manifest, stateKeys: 1 }, chunks)
  refused('tail', trusted, { ...manifest, tailStart: 1024 }, chunks)
  rmSync(directory, { recursive: true })
})

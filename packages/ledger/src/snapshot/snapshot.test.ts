import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TRANSACTION_LIFETIME_MS_MAX } from '@salus/core'
import { auditFromSnapshot, checkTransaction } from '../audit.ts'
import { Application } from '../engine/application.ts'
import type { DecidedBlock } from '../engine/engine.ts'
import { putCall, signedTransaction, TEST_RULES, TEST_TIME_MS, testGenesis, values } from '../engine/test-rules.ts'
import type { SnapshotManifest } from './manifest.ts'
import { restoreSnapshot, SnapshotRestore, type TrustedBlock } from './restore.ts'
import { takeSnapshot } from './take.ts'

const genesis = testGenesis()

async function blockOf(height: number, timeMs: number, count: number): Promise<DecidedBlock> {
  const expiresAtMs = timeMs + 60_000
  const sign = (i: number): Promise<Uint8Array> =>
    signedTransaction([putCall(1000 * height + i, i < 100 ? `${height}`.repeat(20_000) : `${height}`)], { expiresAtMs })
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
  const target = join(directory, 'snapshot')
  const manifest = await takeSnapshot(join(directory, 'source'), genesis, target)
  const names = Array.from({ length: manifest.logChunks.length + manifest.stateChunks.length }, (_, i) => String(i))
  const chunks = names.map((name) => new Uint8Array(readFileSync(join(target, name))))
  assert.ok(manifest.stateChunks.length > 1)
  assert.equal(manifest.tailStart, 768)
  const { height, timeMs } = source.head
  const trusted = { height, timeMs, appHash: source.appHash() }
  restoreSnapshot(join(directory, 'copy'), genesis, trusted, target)
  assert.deepEqual(await takeSnapshot(join(directory, 'copy'), genesis, join(directory, 'again')), manifest)

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
    const { codes, appHash } = copy.finalize(block)
    assert.deepEqual({ codes, appHash }, { codes: expected.codes, appHash: expected.appHash })
    copy.commit()
  }
  source.close()
  copy.close()
  for (const name of ['source', 'copy']) {
    const start = { snapshot: target, trusted }
    const audited = auditFromSnapshot(join(directory, name), genesis, TEST_RULES, start)
    assert.deepEqual(audited.divergence, null)
    assert.equal(audited.blocks, 8)
  }

  const refused = (
    what: string,
    ...[wanted, described, given]: [TrustedBlock, SnapshotManifest, Uint8Array[]]
  ): void => {
    const restore = (): void => {
      const begun = new SnapshotRestore(join(directory, what), genesis, wanted, described)
      for (const chunk of given) begun.apply(chunk)
      begun.finish()
    }
    assert.throws(restore, { code: 'snapshot-refused' }, what)
  }
  refused('hash', { ...trusted, appHash: new Uint8Array(32) }, manifest, chunks)
  refused('height', { ...trusted, height: 5 }, manifest, chunks)
  refused(
    'chunk',
    trusted,
    manifest,
    chunks.map((chunk) => chunk.with(40, (chunk[40] as number) ^ 1)),
  )
  refused('missing', trusted, manifest, chunks.slice(1))
  refused('edge', trusted, { ...manifest, edges: [new Uint8Array(3 * 32)] }, chunks)
  refused('later', { ...trusted, timeMs: null }, { ...manifest, timeMs: timeMs + 1 }, chunks)
  refused('block', trusted, { ...manifest, firstIndex: manifest.firstIndex + 1 }, chunks)
  refused('more', trusted, manifest, [...chunks, chunks[0] as Uint8Array])
  refused('keys', trusted, { ...manifest, stateKeys: 1 }, chunks)
  refused('tail', trusted, { ...manifest, tailStart: 1024 }, chunks)
  rmSync(directory, { recursive: true })
})

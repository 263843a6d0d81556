import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256, toHex } from '@salus/core'
import { verifyState } from '@salus/proof'
import fc from 'fast-check'
import { Store } from '../store.ts'
import { naiveRoot } from './naive-tree.ts'
import { AuthenticatedState } from './state.ts'

const ID = new Uint8Array(32)

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'salus-state-'))
  try {
    work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function keyOf(n: number): Uint8Array {
  return new Uint8Array([n >> 8, n & 0xff])
}

function rootOf(content: ReadonlyMap<number, Uint8Array>): Uint8Array {
  return naiveRoot([...content].map(([n, value]) => ({ keyHash: sha256(keyOf(n)), value })))
}

const write = fc.record({
  key: fc.nat(300),
  value: fc.option(
    fc.oneof(
      { weight: 9, arbitrary: fc.uint8Array({ maxLength: 60 }) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 5000, maxLength: 9000 }) },
    ),
    { freq: 3 },
  ),
})
const block = fc.record({
  writes: fc.uniqueArray(write, { selector: (w) => w.key, maxLength: 60 }),
  fate: fc.constantFrom('write', 'write', 'write', 'discard', 'restart'),
})

test('after any blocks, discarded blocks and restarts, root, values and proofs are those of the content', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) =>
      withDirectory((directory) => {
        let store = new Store(directory, ID)
        let state = new AuthenticatedState(store)
        const content = new Map<number, Uint8Array>()
        let height = 0
        for (const { writes, fate } of blocks) {
          const before = state.root()
          const root = state.stage(writes.map(({ key, value }) => ({ keyHash: sha256(keyOf(key)), value })))
          if (fate === 'discard') {
            state.discard()
            assert.deepEqual(state.root(), before)
            continue
          }
          for (const { key, value } of writes) {
            if (value === null) content.delete(key)
            else content.set(key, value)
          }
          assert.deepEqual(root, rootOf(content))
          store.transaction(() => state.write(height++))
          if (fate === 'restart') {
            store.close()
            store = new Store(directory, ID)
            state = new AuthenticatedState(store)
            assert.deepEqual(state.root(), root)
          }
        }
        assert.equal(state.size, content.size)
        for (let n = 0; n <= 300; n++) {
          assert.deepEqual(state.get(keyOf(n)), content.get(n))
          const proof = state.prove(keyOf(n))
          assert.deepEqual(proof.value ?? undefined, content.get(n))
          verifyState({ ...proof, checkpoint: '' }, state.root())
        }
        store.close()
      }),
    ),
    { numRuns: 40 },
  )
})

test('pages are renewed, garbage is compacted, and a restart finds the same state', () =>
  withDirectory((directory) => {
    let store = new Store(directory, ID)
    let state = new AuthenticatedState(store)
    const content = new Map<number, Uint8Array>()
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let height = 0; height < 120; height++) {
      const writes = new Map<number, Uint8Array>()
      for (let i = 0; i < 800; i++) writes.set(random(3000), new Uint8Array(200).fill(random(256)))
      for (const [n, value] of writes) content.set(n, value)
      state.stage([...writes].map(([n, value]) => ({ keyHash: sha256(keyOf(n)), value })))
      store.transaction(() => state.write(height))
    }
    const sizes = store.get<{ bytes: number; first: number }>(
      'SELECT sum(length(records)) AS bytes, min(height) AS first FROM value_chunk',
    )
    assert.ok(sizes && sizes.bytes < 14_000_000 && sizes.first > 10, JSON.stringify(sizes))
    assert.ok((store.get<{ least: number }>('SELECT min(height) AS least FROM index_page')?.least ?? 0) > 80)
    assert.deepEqual(state.root(), rootOf(content))
    store.close()
    store = new Store(directory, ID)
    state = new AuthenticatedState(store)
    assert.deepEqual(state.root(), rootOf(content))
    for (const [n, value] of content) assert.deepEqual(state.get(keyOf(n)), value, toHex(keyOf(n)))
    store.close()
  }))

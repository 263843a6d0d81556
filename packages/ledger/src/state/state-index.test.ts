import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, equalBytes, sha256, stateLeafHash, toHex } from '@salus/core'
import fc from 'fast-check'
import { naiveRoot } from './naive-tree.ts'
import { StateIndex } from './state-index.ts'

/** Key hashes that collide in long prefixes, so that buckets split deep, beside ordinary ones. */
const keyHash = fc.oneof(
  fc.nat(400).map((n) => sha256(new Uint8Array([n >> 8, n & 0xff]))),
  fc.tuple(fc.nat(30), fc.nat(3)).map(([byte, value]) => {
    const bytes = new Uint8Array(32).fill(0xa5)
    bytes[byte] = (bytes[byte] as number) ^ (1 << value)
    bytes[31] = byte
    return bytes
  }),
)
const change = fc.record({ keyHash, value: fc.option(fc.uint8Array({ minLength: 0, maxLength: 40 }), { freq: 3 }) })

test('the root is that of the definition, whatever the blocks and their order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 120 }), { maxLength: 6 }), (blocks) => {
      const index = new StateIndex()
      const content = new Map<string, { keyHash: Uint8Array; value: Uint8Array }>()
      for (const block of blocks) {
        for (const { keyHash, value } of block) {
          const leafHash = value && stateLeafHash(keyHash, value)
          index.change({ keyHash, leafHash, chunk: 7, place: 9 })
          if (value === null) content.delete(toHex(keyHash))
          else content.set(toHex(keyHash), { keyHash, value })
        }
        assert.deepEqual(index.rehash(), naiveRoot([...content.values()]))
        assert.equal(index.size, content.size)
      }
      const rebuilt = new StateIndex()
      for (const { keyHash, value } of [...content.values()].reverse()) {
        rebuilt.change({ keyHash, leafHash: stateLeafHash(keyHash, value), chunk: 0, place: 0 })
      }
      assert.deepEqual(rebuilt.rehash(), index.root())
      assertPaths(
        index,
        [...content.values()].map((leaf) => leaf.keyHash),
        blocks.flat().map((c) => c.keyHash),
      )
    }),
    { numRuns: 150 },
  )
})

/** Each path folds to the root, and ends at the key's own leaf exactly when the key is there. */
function assertPaths(index: StateIndex, present: Uint8Array[], all: Uint8Array[]): void {
  for (const wanted of all) {
    const { siblings, leaf } = index.path(wanted)
    let hash: Uint8Array = leaf?.leafHash ?? new Uint8Array(32)
    for (let depth = siblings.length - 1; depth >= 0; depth--) {
      const sibling = siblings[depth] ?? new Uint8Array(32)
      const right = ((wanted[depth >> 3] as number) >> (7 - (depth & 7))) & 1
      hash = right ? sha256(concat(sibling, hash)) : sha256(concat(hash, sibling))
    }
    assert.deepEqual(hash, index.root())
    const isThere = leaf !== null && equalBytes(leaf.keyHash, wanted)
    assert.equal(
      isThere,
      present.some((keyHash) => equalBytes(keyHash, wanted)),
    )
    assert.equal(index.find(wanted) >= 0, isThere)
  }
}

test('leaves are visited in the order of their key hashes, by page too', () => {
  const index = new StateIndex()
  const hashes = Array.from({ length: 3000 }, (_, n) => sha256(new Uint8Array([n >> 8, n & 0xff])))
  for (const keyHash of hashes) index.change({ keyHash, leafHash: keyHash, chunk: 0, place: 0 })
  index.rehash()
  const sorted = hashes.map(toHex).sort()
  for (const bits of [0, 4, 12]) {
    const visited: string[] = []
    for (let page = 0; page < 1 << bits; page++) {
      index.visit(page, bits, (slot) => visited.push(toHex(index.leafAt(slot).keyHash)))
    }
    assert.deepEqual(visited, sorted)
  }
})

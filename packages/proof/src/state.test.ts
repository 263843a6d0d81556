import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, isSalusError, sha256, stateKey, stateLeafHash, uint } from '@salus/core'
import fc from 'fast-check'
import { treeProof, treeRoot } from '../test/world.ts'
import type { StateProof } from './evidence.ts'
import { verifyState } from './state.ts'

const leafOf = (n: number) => {
  const key = stateKey('test', 'row', [n])
  return { key, keyHash: sha256(key), value: encode(uint(), n) }
}
const fails =
  (...codes: string[]) =>
  (error: unknown) =>
    codes.some((code) => isSalusError(error, code))
const distinct = fc.uniqueArray(fc.nat(500), { maxLength: 60 })

test('presence and absence hold in trees of any content', () => {
  fc.assert(
    fc.property(distinct, fc.nat(500), (numbers, asked) => {
      const leaves = numbers.map(leafOf)
      const root = treeRoot(leaves)
      const proof = treeProof(leaves, leafOf(asked).key, '')
      assert.equal(proof.value !== null, numbers.includes(asked))
      verifyState(proof, root)
    }),
  )
})

test('a proof of presence cannot be turned into absence, nor the other way', () => {
  fc.assert(
    fc.property(distinct, fc.nat(500), (numbers, asked) => {
      const leaves = numbers.map(leafOf)
      const { key, value } = leafOf(asked)
      const proof = treeProof(leaves, key, '')
      const forged: StateProof = { ...proof, value: proof.value ? null : value, other: null }
      assert.throws(() => verifyState(forged, treeRoot(leaves)), fails('state-proof-root', 'state-proof-malformed'))
    }),
  )
})

test('only the one form of a proof is accepted', () => {
  const leaves = Array.from({ length: 40 }, (_, i) => leafOf(i))
  const root = treeRoot(leaves)
  const proof = treeProof(leaves, leafOf(7).key, '')
  const odd = (change: Partial<StateProof>) =>
    assert.throws(() => verifyState({ ...proof, ...change }, root), fails('state-proof-malformed', 'state-proof-root'))
  odd({ depth: proof.depth + 1 })
  odd({ depth: 257 })
  odd({ depth: -1 })
  odd({ depth: 0.5 })
  odd({ bitmap: new Uint8Array([...proof.bitmap, 0]) })
  odd({ bitmap: proof.bitmap.with(0, 0) })
  odd({ bitmap: Uint8Array.of(0xff), depth: 8 })
  odd({ siblings: [...proof.siblings, root] })
  odd({ siblings: proof.siblings.with(0, new Uint8Array(31)) })
  odd({ other: { keyHash: sha256(), value: Uint8Array.of() } })
  odd({ key: leafOf(8).key })
})

test('an empty sibling may not be written out', () => {
  const leaves = [leafOf(1), leafOf(2)]
  const proof = treeProof(leaves, leafOf(1).key, '')
  const padded = { ...proof, depth: 8, bitmap: Uint8Array.of(0xff), siblings: Array(8).fill(new Uint8Array(32)) }
  assert.throws(() => verifyState(padded, treeRoot(leaves)), fails('state-proof-malformed'))
})

test('the other leaf of an absence must stand in the place of the key, and be another', () => {
  const present = leafOf(3)
  const root = stateLeafHash(present.keyHash, present.value)
  const bare = { value: null, depth: 0, bitmap: Uint8Array.of(), siblings: [], checkpoint: '' }
  verifyState({ ...bare, key: leafOf(4).key, other: present }, root)
  assert.throws(() => verifyState({ ...bare, key: present.key, other: present }, root), fails('state-proof-malformed'))
  const leaves = Array.from({ length: 30 }, (_, i) => leafOf(i))
  const absent = treeProof(leaves, leafOf(100).key, '')
  const elsewhere = leaves.find(({ keyHash }) => (keyHash[0] ?? 0) >> 7 !== (sha256(absent.key)[0] ?? 0) >> 7)
  assert.ok(elsewhere)
  assert.throws(() => verifyState({ ...absent, other: elsewhere }, treeRoot(leaves)), fails('state-proof-malformed'))
})

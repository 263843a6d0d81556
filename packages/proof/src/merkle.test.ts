import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, fromHex, isSalusError, sha256, toHex } from '@salus/core'
import fc from 'fast-check'
import { inclusionPath, merkleLeafHash, merkleRoot, verifyConsistency, verifyInclusion } from './merkle.ts'

/** The eight leaves of the Certificate Transparency test vectors, and their root. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(fromHex)

/** Root by the recursive definition of RFC 9162 section 2.1.1. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(concat(Uint8Array.of(0), leaves[0] as Uint8Array))
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(concat(Uint8Array.of(1), definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k))))
}

/** PROOF(m, D) of section 2.1.4.1. */
function consistencyPath(first: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  const subproof = (m: number, d: readonly Uint8Array[], whole: boolean): Uint8Array[] => {
    if (m === d.length) return whole ? [] : [definedRoot(d)]
    let k = 1
    while (k * 2 < d.length) k *= 2
    return m <= k
      ? [...subproof(m, d.slice(0, k), whole), definedRoot(d.slice(k))]
      : [...subproof(m - k, d.slice(k), false), definedRoot(d.slice(0, k))]
  }
  return first === 0 ? [] : subproof(first, leaves, true)
}

const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => sha256(Uint8Array.of(i)))
const fails = (code: string) => (error: unknown) => isSalusError(error, code)

test('the root of the Certificate Transparency vectors', () => {
  assert.equal(toHex(merkleRoot([])), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.equal(toHex(merkleRoot(CT_LEAVES)), '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
})

test('roots and paths of every size up to 40 follow the definition', () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = leavesOf(size)
    const root = merkleRoot(leaves)
    assert.deepEqual(root, definedRoot(leaves))
    for (let index = 0; index < size; index++) {
      verifyInclusion(merkleLeafHash(leaves[index] as Uint8Array), index, size, inclusionPath(leaves, index), root)
    }
  }
})

test('a path proves its own leaf at its own place and nothing else', () => {
  const place = fc.integer({ min: 1, max: 40 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
  fc.assert(
    fc.property(place, fc.nat(60), fc.nat(60), fc.nat(31), ([size, index], otherIndex, otherSize, byte) => {
      const leaves = leavesOf(size)
      const root = merkleRoot(leaves)
      const leaf = merkleLeafHash(leaves[index] as Uint8Array)
      const path = inclusionPath(leaves, index)
      const refused = (...args: Parameters<typeof verifyInclusion>) =>
        assert.throws(() => verifyInclusion(...args), fails('merkle-inclusion'))
      if (otherIndex !== index) refused(leaf, otherIndex, size, path, root)
      refused(leaf, index, size, [...path, root], root)
      refused(leaf.with(byte, (leaf[byte] as number) ^ 1), index, size, path, root)
      if (path.length > 0) refused(leaf, index, size, path.slice(1), root)
      if (otherSize <= index) refused(leaf, index, otherSize, path, root)
    }),
  )
})

test('consistency between all sizes up to 24', () => {
  const leaves = leavesOf(24)
  for (let second = 0; second <= 24; second++) {
    for (let first = 0; first <= second; first++) {
      const [a, b] = [merkleRoot(leaves.slice(0, first)), merkleRoot(leaves.slice(0, second))]
      const path = consistencyPath(first, leaves.slice(0, second))
      verifyConsistency(first, a, second, b, path)
      const refused = (...args: Parameters<typeof verifyConsistency>) =>
        assert.throws(() => verifyConsistency(...args), fails('merkle-consistency'))
      refused(first, a, second, b, [...path, a])
      refused(first, sha256(a), second, b, path)
      refused(second + 1, a, second, b, path)
      if (first > 0) refused(first, a, second, sha256(b), path)
      if (path.length > 0) refused(first, a, second, b, path.slice(1))
    }
  }
})

test('sizes beyond 32 bits are walked without loss', () => {
  const size = 2 ** 40
  const index = 2 ** 33 + 5
  const path = Array.from({ length: 40 }, (_, i) => sha256(Uint8Array.of(i)))
  let hash = merkleLeafHash(Uint8Array.of(7))
  const leaf = hash
  path.forEach((sibling, i) => {
    const right = Math.floor(index / 2 ** i) % 2 === 1
    hash = sha256(Uint8Array.of(1), ...(right ? [sibling, hash] : [hash, sibling]))
  })
  verifyInclusion(leaf, index, size, path, hash)
})

test('places that are no counts are refused', () => {
  const leaves = leavesOf(4)
  const [leaf, path, root] = [merkleLeafHash(leaves[0] as Uint8Array), inclusionPath(leaves, 0), merkleRoot(leaves)]
  for (const odd of [-1, -0.5, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    assert.throws(() => verifyInclusion(leaf, odd, 4, path, root), fails('merkle-inclusion'))
    assert.throws(() => verifyInclusion(leaf, 0, odd, path, root), fails('merkle-inclusion'))
    assert.throws(() => verifyConsistency(odd, root, 4, root, []), fails('merkle-consistency'))
    assert.throws(() => verifyConsistency(4, root, odd, root, []), fails('merkle-consistency'))
    assert.throws(() => inclusionPath(leaves, odd), fails('merkle-index'))
  }
})

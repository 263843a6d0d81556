/**
 * Merkle trees of RFC 9162 section 2.1: of the ledger's log, and of the small batches that members commit. Leaves are
 * hashed with 0x00 before them, nodes with 0x01, so that neither can be taken for the other.
 */
import { equalBytes, HASH_BYTES, SalusError, sha256, toHex } from '@salus/core'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** Longest audit path: sizes stay below 2^53. */
export const PATH_LENGTH_MAX = 53

/** Hash of a leaf with these data. */
export function merkleLeafHash(data: Uint8Array): Uint8Array {
  return sha256(LEAF, data)
}

/** Hash of the node over two subtrees. */
export function merkleNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right)
}

/** Root over the data of all leaves in order; that of no leaves is the hash of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  return rootOf(leaves.map(merkleLeafHash))
}

/** Audit path (section 2.1.3.1) of the leaf at `index`, from the leaf up. */
export function inclusionPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) {
    throw new SalusError('merkle-index', 'no leaf has this index', { index, size: leaves.length })
  }
  const path: Uint8Array[] = []
  let hashes = leaves.map(merkleLeafHash)
  let at = index
  while (hashes.length > 1) {
    const sibling = hashes[at % 2 === 0 ? at + 1 : at - 1]
    if (sibling) path.push(sibling)
    hashes = nextLevel(hashes)
    at = Math.floor(at / 2)
  }
  return path
}

function rootOf(leafHashes: Uint8Array[]): Uint8Array {
  let hashes = leafHashes
  while (hashes.length > 1) hashes = nextLevel(hashes)
  return hashes[0] as Uint8Array
}

/** Pairs are hashed; a last one without a partner rises as it is, which gives the tree of section 2.1.1. */
function nextLevel(hashes: readonly Uint8Array[]): Uint8Array[] {
  const level: Uint8Array[] = []
  for (let i = 0; i < hashes.length; i += 2) {
    const left = hashes[i] as Uint8Array
    const right = hashes[i + 1]
    level.push(right ? merkleNodeHash(left, right) : left)
  }
  return level
}

/**
 * Checks that the leaf with hash `leafHash` stands at `index` in the tree of `size` leaves with `root`
 * (section 2.1.3.2).
 * @throws SalusError `merkle-inclusion` with the evidence in its details
 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): void {
  const inside = isCount(index) && isCount(size) && index < size
  const computed = inside ? rootFromInclusion(leafHash, index, size, path) : null
  if (!computed || !equalBytes(computed, root)) {
    throw new SalusError('merkle-inclusion', 'the leaf is not in the tree at this place', {
      index,
      size,
      leafHash: toHex(leafHash),
      root: toHex(root),
      computed: computed && toHex(computed),
    })
  }
}

function rootFromInclusion(leafHash: Uint8Array, index: number, size: number, path: readonly Uint8Array[]) {
  let fn = index
  let sn = size - 1
  let r = leafHash
  for (const p of path) {
    if (sn === 0 || p.length !== HASH_BYTES) return null
    if (fn % 2 === 1 || fn === sn) {
      r = merkleNodeHash(p, r)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = merkleNodeHash(r, p)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 ? r : null
}

/**
 * Checks that the tree of `second` leaves begins with the tree of `first` leaves (section 2.1.4.2). Between trees of
 * one size, and from the empty tree, the path is empty.
 * @throws SalusError `merkle-consistency` with the evidence in its details
 */
export function verifyConsistency(
  first: number,
  firstRoot: Uint8Array,
  second: number,
  secondRoot: Uint8Array,
  path: readonly Uint8Array[],
): void {
  if (!isConsistent(first, firstRoot, second, secondRoot, path)) {
    throw new SalusError('merkle-consistency', 'the later tree does not begin with the earlier one', {
      first,
      firstRoot: toHex(firstRoot),
      second,
      secondRoot: toHex(secondRoot),
    })
  }
}

function isConsistent(
  first: number,
  firstRoot: Uint8Array,
  second: number,
  secondRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!isCount(first) || !isCount(second) || first > second || path.some((p) => p.length !== HASH_BYTES)) return false
  if (first === second) return path.length === 0 && equalBytes(firstRoot, secondRoot)
  if (first === 0) return path.length === 0 && equalBytes(firstRoot, sha256())
  const [start, ...rest] = isPowerOfTwo(first) ? [firstRoot, ...path] : path
  if (!start) return false
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = half(fn)
    sn = half(sn)
  }
  let fr = start
  let sr = start
  for (const c of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = merkleNodeHash(c, fr)
      sr = merkleNodeHash(c, sr)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = merkleNodeHash(sr, c)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equalBytes(fr, firstRoot) && equalBytes(sr, secondRoot)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** Shift to the right by one; `>>` would cut at 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2)
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** Math.round(Math.log2(value)) === value
}

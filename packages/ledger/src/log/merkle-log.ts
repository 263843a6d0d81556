/**
 * The Merkle tree of RFC 9162 section 2.1 over the log's entries, grown leaf by leaf, with its hashes in tiles of
 * height 8 (c2sp.org/tlog-tiles): the tile at level L and index N holds the roots of the perfect subtrees of 256^L
 * leaves numbered 256 N to 256 N + 255. The right edge is in memory; full tiles go to a store.
 *
 * A block is staged by appending and either kept or taken back, by returning to a mark.
 */
import { SalusError, sha256 } from '@salus/core'
import { digest } from '../digest.ts'
import { TILE_WIDTH } from './tile-path.ts'

const HASH_BYTES = 32
/** Bits of the index that one tile level covers. */
const TILE_BITS = 8

/** A full tile. */
export interface Tile {
  readonly level: number
  readonly index: number
  readonly hashes: Uint8Array
}

/** Finds a full tile that was handed over before; undefined when it is not kept. */
export type ReadTile = (level: number, index: number) => Uint8Array | undefined

interface Edge {
  readonly bytes: Uint8Array
  readonly count: number
}

/** A point to which the log can return: what it was then. */
export interface LogMark {
  readonly size: number
  readonly frontier: readonly (Uint8Array | undefined)[]
  readonly edges: readonly Edge[]
}

/** Hash of a leaf with these data (RFC 9162 section 2.1.1). */
export function logLeafHash(entry: Uint8Array): Uint8Array {
  if (entry.length >= leafInput.length) leafInput = new Uint8Array(entry.length * 2)
  leafInput[0] = 0
  leafInput.set(entry, 1)
  return digest(leafInput.subarray(0, entry.length + 1))
}

/** Hash of an inner node. */
export function logNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return digest(nodeInput)
}

let leafInput = new Uint8Array(4096)
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES).fill(1)

export class MerkleLog {
  readonly #readTile: ReadTile
  #size = 0
  /** Roots of the perfect subtrees that the log is made of: entry i covers 2^i leaves, for each bit of the size. */
  #frontier: (Uint8Array | undefined)[] = []
  /** The partial tile of each level. Bytes beyond `count` may belong to a later or a discarded block. */
  #edges: Edge[] = []
  #full: Tile[] = []

  constructor(readTile: ReadTile) {
    this.#readTile = readTile
  }

  /** Hashes in the partial tile of each level of a log of `size` leaves. */
  static edgeCounts(size: number): number[] {
    const counts: number[] = []
    for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) counts.push(count % TILE_WIDTH)
    return counts
  }

  get size(): number {
    return this.#size
  }

  /** Appends a leaf by its hash. */
  append(leafHash: Uint8Array): void {
    this.#addToTile(0, leafHash)
    let node = leafHash
    let level = 0
    for (; isOdd(this.#size, level); level++) {
      node = logNodeHash(this.#frontier[level] as Uint8Array, node)
      this.#frontier[level] = undefined
      if ((level + 1) % TILE_BITS === 0) this.#addToTile((level + 1) / TILE_BITS, node)
    }
    this.#frontier[level] = node
    this.#size++
  }

  /** The root of the tree of all leaves. */
  root(): Uint8Array {
    let root: Uint8Array | undefined
    for (const node of this.#frontier) {
      if (node) root = root ? logNodeHash(node, root) : node
    }
    return root ?? sha256()
  }

  mark(): LogMark {
    return { size: this.#size, frontier: this.#frontier.slice(), edges: this.#edges.slice() }
  }

  /** Returns to a mark; what was appended since is forgotten. */
  rewind(mark: LogMark): void {
    this.#size = mark.size
    this.#frontier = mark.frontier.slice()
    this.#edges = mark.edges.slice()
    this.#full = []
  }

  /** The tiles that became full since the last call. They must be in the store before the next read. */
  takeFullTiles(): readonly Tile[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** The first `width` hashes of a tile, or undefined when there are not so many. */
  tile(level: number, index: number, width: number): Uint8Array | undefined {
    const entries = Math.floor(this.#size / TILE_WIDTH ** level)
    if (index * TILE_WIDTH + width > entries) return undefined
    const edge = this.#edges[level]
    const isEdge = index === Math.floor(entries / TILE_WIDTH)
    const hashes = isEdge ? edge?.bytes : this.#readTile(level, index)
    return hashes?.slice(0, width * HASH_BYTES)
  }

  /** Audit path of the leaf at `index` in the tree of all leaves (RFC 9162 section 2.1.3.1), from the leaf up. */
  inclusionPath(index: number): Uint8Array[] {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) {
      throw new SalusError('log-index', 'the log has no entry with this index', { index, size: this.#size })
    }
    const path: Uint8Array[] = []
    let from = 0
    let to = this.#size
    while (to - from > 1) {
      const middle = from + largestPowerBelow(to - from)
      if (index < middle) {
        path.push(this.#subtree(middle, to))
        to = middle
      } else {
        path.push(this.#subtree(from, middle))
        from = middle
      }
    }
    return path.reverse()
  }

  /** Proof that the tree of all leaves begins with that of the first `size` (RFC 9162 section 2.1.4.1). */
  consistencyPath(size: number): Uint8Array[] {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.#size) {
      throw new SalusError('log-index', 'the log was never of this size', { size, current: this.#size })
    }
    if (size === 0 || size === this.#size) return []
    const path: Uint8Array[] = []
    let from = 0
    let to = this.#size
    while (size < to) {
      const middle = from + largestPowerBelow(to - from)
      if (size <= middle) {
        path.push(this.#subtree(middle, to))
        to = middle
      } else {
        path.push(this.#subtree(from, middle))
        from = middle
      }
    }
    // The subtree that ends the old tree is known to the verifier only when it is the whole old tree.
    if (from > 0) path.push(this.#subtree(from, to))
    return path.reverse()
  }

  /**
   * Rebuilds the right edge of a log of `size` leaves. `edges` holds the hashes of the partial tile of each level.
   */
  restore(size: number, edges: readonly Uint8Array[]): void {
    this.#size = size
    this.#full = []
    this.#frontier = []
    this.#edges = edges.map((hashes) => {
      const bytes = new Uint8Array(TILE_WIDTH * HASH_BYTES)
      bytes.set(hashes)
      return { bytes, count: hashes.length / HASH_BYTES }
    })
    this.#edges.forEach(({ bytes, count }, level) => {
      for (let bit = 0, end = count; bit < TILE_BITS; bit++) {
        if (!isOdd(count, bit)) continue
        const start = end - 2 ** bit
        this.#frontier[level * TILE_BITS + bit] = perfectRoot(bytes, start, end)
        end = start
      }
    })
  }

  /** Root over the leaves from `from` to `to`, a subtree of the tree of all leaves. */
  #subtree(from: number, to: number): Uint8Array {
    const size = to - from
    const below = largestPowerBelow(size)
    if (size > 1 && size !== 2 * below) {
      return logNodeHash(this.#subtree(from, from + below), this.#subtree(from + below, to))
    }
    const level = Math.floor(Math.round(Math.log2(size)) / TILE_BITS)
    const unit = TILE_WIDTH ** level
    const first = from / unit
    const index = Math.floor(first / TILE_WIDTH)
    const start = first % TILE_WIDTH
    const hashes = this.tile(level, index, start + size / unit)
    if (!hashes) throw new SalusError('log-tile-missing', 'this replica does not have that part of the log', { from })
    return perfectRoot(hashes, start, start + size / unit)
  }

  #addToTile(level: number, node: Uint8Array): void {
    const { bytes, count } = this.#edges[level] ?? { bytes: new Uint8Array(TILE_WIDTH * HASH_BYTES), count: 0 }
    bytes.set(node, count * HASH_BYTES)
    if (count + 1 < TILE_WIDTH) {
      this.#edges[level] = { bytes, count: count + 1 }
      return
    }
    const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
    this.#full.push({ level, index, hashes: bytes })
    this.#edges[level] = { bytes: new Uint8Array(TILE_WIDTH * HASH_BYTES), count: 0 }
  }
}

/** Root over 2^n hashes, those numbered from `start` to `end`. */
export function perfectRoot(hashes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start === 1) return hashes.slice(start * HASH_BYTES, end * HASH_BYTES)
  const middle = (start + end) / 2
  return logNodeHash(perfectRoot(hashes, start, middle), perfectRoot(hashes, middle, end))
}

function isOdd(value: number, bit: number): boolean {
  return Math.floor(value / 2 ** bit) % 2 === 1
}

/** The largest power of two smaller than `size` (RFC 9162: k < n <= 2k); 1 for sizes below 2. */
function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

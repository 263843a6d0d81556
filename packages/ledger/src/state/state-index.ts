/**
 * The index of the authenticated state: a binary compact sparse Merkle tree over SHA-256 of the keys
 * (docs/spec/state-tree.md), held in memory.
 *
 * The tree's shape depends on content alone: an empty subtree is 32 zero bytes, a subtree with one leaf *is* that
 * leaf, any other is SHA-256(left, right). How it is stored is another matter: up to 16 neighbouring leaves share a
 * bucket, buckets hang under a binary trie of typed arrays, and a bucket splits on the next bit at its 17th leaf.
 * Buckets never merge, so a trie node may have fewer than two leaves below it; its hash is then the leaf's, or zero.
 *
 * Hashing is batched: changed bucket interiors by height, then changed trie nodes by depth, one native call a level.
 */
import { hash as hashPairs } from '@chainsafe/hashtree'
import { LeafSlabs, SLOTS_PER_BUCKET } from './leaf-slabs.ts'
import { PairBatches } from './pair-batches.ts'

/** One leaf as the index holds it: where its value lies is for the value log to interpret. */
export interface IndexedLeaf {
  readonly keyHash: Uint8Array
  readonly leafHash: Uint8Array
  readonly chunk: number
  readonly place: number
}

/** A change of one key; `leafHash` null deletes it. */
export interface IndexChange {
  readonly keyHash: Uint8Array
  readonly leafHash: Uint8Array | null
  readonly chunk: number
  readonly place: number
}

/** The path to one key: siblings from the root down, null where the sibling is empty, and what stands at its end. */
export interface IndexPath {
  readonly siblings: readonly (Uint8Array | null)[]
  readonly leaf: IndexedLeaf | null
}

/** Deepest level of the tree: the bits of a key hash. */
const DEPTH_MAX = 256
const ZERO = new Uint8Array(32)

function bitAt(keyHash: Uint8Array, depth: number): number {
  return ((keyHash[depth >>> 3] as number) >>> (7 - (depth & 7))) & 1
}

/** A list of numbers that keeps its memory between blocks. */
class NumberList {
  items = new Int32Array(64)
  length = 0

  push(value: number): void {
    if (this.length === this.items.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.length++] = value
  }
}

/** References: 0 is the empty subtree, n > 0 the trie node n, n < 0 the bucket -n. */
export class StateIndex {
  #slabs = new LeafSlabs()
  #batches = new PairBatches(this.#slabs)
  #root = 0
  #size = 0
  #nodes = 1
  /** Children of trie node n: entries 2n and 2n + 1. */
  #children = new Int32Array(2 * 1024)
  #nodeHashes = new Uint32Array(8 * 1024)
  /** Leaves below trie node n, counted to two. */
  #nodeLeaves = new Uint8Array(1024)
  #nodeEpochs = new Uint32Array(1024)
  #epoch = 1
  #changedNodes: NumberList[] = []
  #changedBuckets = new NumberList()

  /** Number of leaves. */
  get size(): number {
    return this.#size
  }

  /** The slot number of a leaf, or -1. A slot number is valid until the next change. */
  find(keyHash: Uint8Array): number {
    let ref = this.#root
    for (let depth = 0; ref > 0; depth++) ref = this.#children[2 * ref + bitAt(keyHash, depth)] as number
    return ref === 0 ? -1 : this.#slabs.find(-ref, keyHash)
  }

  /** Chunk of the leaf in a slot. */
  chunkAt(slot: number): number {
    return this.#slabs.word(slot, 16)
  }

  /** Place within the chunk of the leaf in a slot. */
  placeAt(slot: number): number {
    return this.#slabs.word(slot, 17)
  }

  /** Points the leaf in a slot to another copy of the same value; the root does not change. */
  relocate(slot: number, chunk: number, place: number): void {
    this.#slabs.relocate(slot, chunk, place)
  }

  /** Copies the 72 bytes of a slot: key hash, leaf hash, chunk and place (little-endian). */
  copySlot(slot: number, target: Uint8Array, at: number): void {
    this.#slabs.copySlot(slot, target, at)
  }

  leafAt(slot: number): IndexedLeaf {
    return this.#slabs.leaf(slot)
  }

  leafHashEquals(slot: number, leafHash: Uint8Array): boolean {
    return this.#slabs.leafHashEquals(slot, leafHash)
  }

  /** Inserts, replaces or deletes one leaf. The root is stale until {@link rehash}. */
  change(change: IndexChange): void {
    const { keyHash, leafHash } = change
    let parent = 0
    let side = 0
    let depth = 0
    let ref = this.#root
    while (ref > 0) {
      this.#markNode(ref, depth)
      parent = ref
      side = bitAt(keyHash, depth++)
      ref = this.#children[2 * ref + side] as number
    }
    if (leafHash === null) this.#remove(-ref, keyHash, parent, side)
    else this.#insert(-ref, change as IndexedLeaf, parent, side, depth)
  }

  /** Hashes whatever changed; returns the root. */
  rehash(): Uint8Array {
    const buckets = this.#changedBuckets
    for (let i = 0; i < buckets.length; i++) this.#batches.plan(buckets.items[i] as number)
    this.#batches.run()
    buckets.length = 0
    for (let depth = this.#changedNodes.length - 1; depth >= 0; depth--) {
      const list = this.#changedNodes[depth] as NumberList
      if (list.length > 0) this.#hashNodes(list)
      list.length = 0
    }
    this.#epoch++
    return this.root()
  }

  /** The root as of the last {@link rehash}. */
  root(): Uint8Array {
    return this.#hashOf(this.#root)
  }

  /** The siblings from the root to `keyHash`, and the leaf that stands there, which may be another key's. */
  path(keyHash: Uint8Array): IndexPath {
    const siblings: (Uint8Array | null)[] = []
    let ref = this.#root
    let depth = 0
    while (ref > 0 && this.#nodeLeaves[ref] === 2) {
      const side = bitAt(keyHash, depth++)
      const sibling = this.#children[2 * ref + 1 - side] as number
      siblings.push(this.#leavesOf(sibling) === 0 ? null : this.#hashOf(sibling))
      ref = this.#children[2 * ref + side] as number
    }
    while (ref > 0) {
      const left = this.#children[2 * ref] as number
      ref = this.#leavesOf(left) > 0 ? left : (this.#children[2 * ref + 1] as number)
    }
    const leaf = ref === 0 ? null : this.#pathInBucket(-ref, keyHash, depth, siblings)
    return { siblings, leaf }
  }

  /** Calls `visit` with each slot whose key hash begins with the `bits` bits of `prefix`, in order of key hashes. */
  visit(prefix: number, bits: number, visit: (slot: number) => void): void {
    let ref = this.#root
    let depth = 0
    while (ref > 0 && depth < bits) {
      ref = this.#children[2 * ref + ((prefix >>> (bits - 1 - depth)) & 1)] as number
      depth++
    }
    if (ref > 0) this.#visitAll(ref, visit)
    else if (ref < 0) {
      const first = -ref * SLOTS_PER_BUCKET
      for (let i = 0; i < this.#slabs.count(-ref); i++) {
        if (this.#slabs.prefix(first + i, bits) === prefix) visit(first + i)
      }
    }
  }

  #visitAll(ref: number, visit: (slot: number) => void): void {
    if (ref > 0) {
      this.#visitAll(this.#children[2 * ref] as number, visit)
      this.#visitAll(this.#children[2 * ref + 1] as number, visit)
    } else if (ref < 0) {
      const first = -ref * SLOTS_PER_BUCKET
      const count = this.#slabs.count(-ref)
      for (let i = 0; i < count; i++) visit(first + i)
    }
  }

  /** The part of a path inside a bucket, whose interior nodes are not kept. */
  #pathInBucket(
    bucket: number,
    keyHash: Uint8Array,
    depth: number,
    siblings: (Uint8Array | null)[],
  ): IndexedLeaf | null {
    const slabs = this.#slabs
    const first = bucket * SLOTS_PER_BUCKET
    let low = first
    let high = first + slabs.count(bucket)
    for (let d = depth; high - low > 1; d++) {
      const middle = slabs.split(low, high, d)
      const right = bitAt(keyHash, d) === 1
      siblings.push(right ? this.#rangeHash(low, middle, d + 1) : this.#rangeHash(middle, high, d + 1))
      if (right) low = middle
      else high = middle
    }
    return high === low ? null : slabs.leaf(low)
  }

  /** Hash of the subtree over the slots from `low` to `high` of one bucket; null when there are none. */
  #rangeHash(low: number, high: number, depth: number): Uint8Array | null {
    if (high === low) return null
    if (high - low === 1) return this.#slabs.leaf(low).leafHash
    const middle = this.#slabs.split(low, high, depth)
    const pair = new Uint8Array(64)
    pair.set(this.#rangeHash(low, middle, depth + 1) ?? ZERO, 0)
    pair.set(this.#rangeHash(middle, high, depth + 1) ?? ZERO, 32)
    return hashPairs(pair)
  }

  #insert(bucket: number, leaf: IndexedLeaf, parent: number, side: number, depth: number): void {
    const slabs = this.#slabs
    if (bucket === 0) {
      bucket = slabs.allocate(depth)
      this.#setChild(parent, side, -bucket)
    }
    this.#markBucket(bucket)
    if (slabs.replace(bucket, leaf)) return
    this.#size++
    while (slabs.count(bucket) === SLOTS_PER_BUCKET) {
      const node = this.#split(bucket, parent, side, depth)
      parent = node
      side = bitAt(leaf.keyHash, depth++)
      const child = this.#children[2 * node + side] as number
      if (child === 0) {
        bucket = slabs.allocate(depth)
        this.#setChild(node, side, -bucket)
        this.#markBucket(bucket)
      } else bucket = -child
    }
    slabs.insert(bucket, leaf)
  }

  #remove(bucket: number, keyHash: Uint8Array, parent: number, side: number): void {
    if (bucket === 0 || !this.#slabs.remove(bucket, keyHash)) return
    this.#size--
    if (this.#slabs.count(bucket) > 0) this.#markBucket(bucket)
    else {
      this.#slabs.release(bucket)
      this.#setChild(parent, side, 0)
    }
  }

  /** Puts a trie node in the place of a full bucket, and its leaves into the node's two halves. */
  #split(bucket: number, parent: number, side: number, depth: number): number {
    const node = this.#newNode()
    this.#setChild(parent, side, node)
    this.#markNode(node, depth)
    const slabs = this.#slabs
    const first = bucket * SLOTS_PER_BUCKET
    const count = slabs.count(bucket)
    const left = slabs.split(first, first + count, depth) - first
    if (left === count) this.#children[2 * node] = -bucket
    else if (left === 0) this.#children[2 * node + 1] = -bucket
    else {
      const half = slabs.allocate(depth + 1)
      slabs.moveTail(bucket, left, half)
      this.#children[2 * node] = -bucket
      this.#children[2 * node + 1] = -half
      this.#markBucket(half)
    }
    slabs.setDepth(bucket, depth + 1)
    return node
  }

  #setChild(parent: number, side: number, ref: number): void {
    if (parent === 0) this.#root = ref
    else this.#children[2 * parent + side] = ref
  }

  #newNode(): number {
    if (this.#nodes === this.#nodeLeaves.length) {
      const capacity = this.#nodes * 2
      const grow = <A extends Int32Array | Uint32Array | Uint8Array>(grown: A, old: A): A => {
        grown.set(old)
        return grown
      }
      this.#children = grow(new Int32Array(2 * capacity), this.#children)
      this.#nodeHashes = grow(new Uint32Array(8 * capacity), this.#nodeHashes)
      this.#nodeLeaves = grow(new Uint8Array(capacity), this.#nodeLeaves)
      this.#nodeEpochs = grow(new Uint32Array(capacity), this.#nodeEpochs)
    }
    return this.#nodes++
  }

  #markNode(node: number, depth: number): void {
    if (this.#nodeEpochs[node] === this.#epoch) return
    this.#nodeEpochs[node] = this.#epoch
    while (this.#changedNodes.length <= depth && depth < DEPTH_MAX) this.#changedNodes.push(new NumberList())
    ;(this.#changedNodes[depth] as NumberList).push(node)
  }

  #markBucket(bucket: number): void {
    if (this.#slabs.markChanged(bucket, this.#epoch)) this.#changedBuckets.push(bucket)
  }

  #leavesOf(ref: number): number {
    if (ref === 0) return 0
    if (ref > 0) return this.#nodeLeaves[ref] as number
    return Math.min(2, this.#slabs.count(-ref))
  }

  #hashOf(ref: number): Uint8Array {
    if (ref === 0) return ZERO.slice()
    const words = ref > 0 ? this.#nodeHashes.slice(8 * ref, 8 * ref + 8) : this.#slabs.hash(-ref)
    return new Uint8Array(words.buffer)
  }

  /** Hashes changed trie nodes of one depth; all deeper ones are done. */
  #hashNodes(list: NumberList): void {
    const pairs = this.#batches.pairs(list.length)
    let used = 0
    for (let i = 0; i < list.length; i++) {
      const node = list.items[i] as number
      const left = this.#children[2 * node] as number
      const right = this.#children[2 * node + 1] as number
      const leaves = Math.min(2, this.#leavesOf(left) + this.#leavesOf(right))
      this.#nodeLeaves[node] = leaves
      if (leaves === 2) {
        this.#copyHash(left, pairs, 16 * used)
        this.#copyHash(right, pairs, 16 * used + 8)
        list.items[used++] = node
      } else this.#copyHash(this.#leavesOf(left) > 0 ? left : right, this.#nodeHashes, 8 * node)
    }
    const hashes = this.#batches.hash(used)
    for (let i = 0; i < used; i++) {
      const at = 8 * (list.items[i] as number)
      for (let w = 0; w < 8; w++) this.#nodeHashes[at + w] = hashes[8 * i + w] as number
    }
  }

  #copyHash(ref: number, target: Uint32Array, at: number): void {
    if (this.#leavesOf(ref) === 0) target.fill(0, at, at + 8)
    else if (ref < 0) this.#slabs.copyHash(-ref, target, at)
    else for (let w = 0; w < 8; w++) target[at + w] = this.#nodeHashes[8 * ref + w] as number
  }
}

/**
 * Leaves in memory: buckets of 16 slots of 72 bytes (key hash 32, leaf hash 32, chunk 4, place 4), in slabs that are
 * never moved. Within a bucket the slots in use come first and are sorted by key hash. A slot's number is
 * `bucket * 16 + position`. Bucket 0 is never used.
 */
import type { IndexedLeaf } from './state-index.ts'

export const SLOTS_PER_BUCKET = 16
export const SLOT_BYTES = 72
export const SLOT_WORDS: number = SLOT_BYTES / 4
const BUCKET_BYTES = SLOTS_PER_BUCKET * SLOT_BYTES
const SLAB_SHIFT = 9
const BUCKETS_PER_SLAB = 1 << SLAB_SHIFT

interface Slab {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
}

export class LeafSlabs {
  #slabs: Slab[] = []
  #buckets = 1
  #free: number[] = []
  #counts = new Uint8Array(BUCKETS_PER_SLAB)
  /** Depth in the tree at which a bucket's subtree begins: at most 256. */
  #depths = new Uint16Array(BUCKETS_PER_SLAB)
  #epochs = new Uint32Array(BUCKETS_PER_SLAB)
  #hashes = new Uint32Array(8 * BUCKETS_PER_SLAB)

  /** A new, empty bucket. */
  allocate(depth: number): number {
    const bucket = this.#free.pop() ?? this.#buckets++
    if (bucket >= this.#counts.length) this.#grow()
    while (this.#slabs.length <= bucket >>> SLAB_SHIFT) {
      const buffer = new ArrayBuffer(BUCKETS_PER_SLAB * BUCKET_BYTES)
      this.#slabs.push({ bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) })
    }
    this.#counts[bucket] = 0
    this.#depths[bucket] = depth
    this.#epochs[bucket] = 0
    return bucket
  }

  /** Gives an empty bucket back. */
  release(bucket: number): void {
    this.#free.push(bucket)
  }

  count(bucket: number): number {
    return this.#counts[bucket] as number
  }

  depth(bucket: number): number {
    return this.#depths[bucket] as number
  }

  setDepth(bucket: number, depth: number): void {
    this.#depths[bucket] = depth
  }

  /** Notes that a bucket changed in this epoch; false when that was known. */
  markChanged(bucket: number, epoch: number): boolean {
    if (this.#epochs[bucket] === epoch) return false
    this.#epochs[bucket] = epoch
    return true
  }

  /** A copy of the hash of a bucket's subtree, 8 words. */
  hash(bucket: number): Uint32Array<ArrayBuffer> {
    return this.#hashes.slice(8 * bucket, 8 * bucket + 8)
  }

  copyHash(bucket: number, target: Uint32Array, at: number): void {
    const from = 8 * bucket
    for (let w = 0; w < 8; w++) target[at + w] = this.#hashes[from + w] as number
  }

  setHash(bucket: number, source: Uint32Array, at: number): void {
    const to = 8 * bucket
    for (let w = 0; w < 8; w++) this.#hashes[to + w] = source[at + w] as number
  }

  /** Copies the leaf hash of a slot. */
  copyLeafHash(slot: number, target: Uint32Array, at: number): void {
    const { words } = this.#slabOf(slot)
    const from = wordOf(slot) + 8
    for (let w = 0; w < 8; w++) target[at + w] = words[from + w] as number
  }

  /** Makes a slot's leaf hash the hash of its bucket: a subtree with one leaf is that leaf. */
  setHashToLeaf(bucket: number, slot: number): void {
    this.copyLeafHash(slot, this.#hashes, 8 * bucket)
  }

  word(slot: number, index: number): number {
    return this.#slabOf(slot).words[wordOf(slot) + index] as number
  }

  relocate(slot: number, chunk: number, place: number): void {
    const { words } = this.#slabOf(slot)
    words[wordOf(slot) + 16] = chunk
    words[wordOf(slot) + 17] = place
  }

  leaf(slot: number): IndexedLeaf {
    const { bytes, words } = this.#slabOf(slot)
    const at = byteOf(slot)
    return {
      keyHash: bytes.slice(at, at + 32),
      leafHash: bytes.slice(at + 32, at + 64),
      chunk: words[at / 4 + 16] as number,
      place: words[at / 4 + 17] as number,
    }
  }

  /** Copies the 72 bytes of a slot. */
  copySlot(slot: number, target: Uint8Array, at: number): void {
    const from = byteOf(slot)
    target.set(this.#slabOf(slot).bytes.subarray(from, from + SLOT_BYTES), at)
  }

  leafHashEquals(slot: number, leafHash: Uint8Array): boolean {
    const { bytes } = this.#slabOf(slot)
    const at = byteOf(slot) + 32
    for (let i = 0; i < 32; i++) if (bytes[at + i] !== leafHash[i]) return false
    return true
  }

  /** The first `bits` (at most 16) bits of a slot's key hash. */
  prefix(slot: number, bits: number): number {
    const { bytes } = this.#slabOf(slot)
    const at = byteOf(slot)
    return (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> (16 - bits)
  }

  /** The slot of a key in a bucket, or -1. */
  find(bucket: number, keyHash: Uint8Array): number {
    const slot = this.#lowerBound(bucket, keyHash)
    const end = bucket * SLOTS_PER_BUCKET + this.count(bucket)
    return slot < end && this.#compare(slot, keyHash) === 0 ? slot : -1
  }

  /** Overwrites the leaf of the same key; false when the bucket has none. */
  replace(bucket: number, leaf: IndexedLeaf): boolean {
    const slot = this.find(bucket, leaf.keyHash)
    if (slot >= 0) this.#write(slot, leaf)
    return slot >= 0
  }

  /** Adds a leaf to a bucket that has room and does not have its key. */
  insert(bucket: number, leaf: IndexedLeaf): void {
    const slot = this.#lowerBound(bucket, leaf.keyHash)
    const end = bucket * SLOTS_PER_BUCKET + this.count(bucket)
    const { bytes } = this.#slabOf(slot)
    bytes.copyWithin(byteOf(slot) + SLOT_BYTES, byteOf(slot), byteOf(slot) + (end - slot) * SLOT_BYTES)
    this.#write(slot, leaf)
    this.#counts[bucket] = this.count(bucket) + 1
  }

  /** Takes a key out of a bucket; false when it was not there. */
  remove(bucket: number, keyHash: Uint8Array): boolean {
    const slot = this.find(bucket, keyHash)
    if (slot < 0) return false
    const end = bucket * SLOTS_PER_BUCKET + this.count(bucket)
    const at = byteOf(slot)
    this.#slabOf(slot).bytes.copyWithin(at, at + SLOT_BYTES, at + (end - slot) * SLOT_BYTES)
    this.#counts[bucket] = this.count(bucket) - 1
    return true
  }

  /** Moves the slots of a bucket from position `from` on into an empty bucket. */
  moveTail(bucket: number, from: number, to: number): void {
    const source = bucket * SLOTS_PER_BUCKET
    const moved = this.count(bucket) - from
    const at = byteOf(source + from)
    const tail = this.#slabOf(source).bytes.subarray(at, at + moved * SLOT_BYTES)
    this.#slabOf(to * SLOTS_PER_BUCKET).bytes.set(tail, byteOf(to * SLOTS_PER_BUCKET))
    this.#counts[to] = moved
    this.#counts[bucket] = from
  }

  /** The first of the sorted slots from `low` to `high`, of one bucket, whose key hash has a one at `depth`. */
  split(low: number, high: number, depth: number): number {
    if (low === high) return low
    const { bytes } = this.#slabOf(low)
    const mask = 0x80 >>> (depth & 7)
    let at = byteOf(low) + (depth >>> 3)
    let slot = low
    for (; slot < high && ((bytes[at] as number) & mask) === 0; slot++) at += SLOT_BYTES
    return slot
  }

  #lowerBound(bucket: number, keyHash: Uint8Array): number {
    let low = bucket * SLOTS_PER_BUCKET
    let high = low + this.count(bucket)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(middle, keyHash) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #compare(slot: number, keyHash: Uint8Array): number {
    const { bytes } = this.#slabOf(slot)
    const at = byteOf(slot)
    for (let i = 0; i < 32; i++) {
      const difference = (bytes[at + i] as number) - (keyHash[i] as number)
      if (difference !== 0) return difference
    }
    return 0
  }

  #write(slot: number, leaf: IndexedLeaf): void {
    const { bytes, words } = this.#slabOf(slot)
    const at = byteOf(slot)
    bytes.set(leaf.keyHash, at)
    bytes.set(leaf.leafHash, at + 32)
    words[at / 4 + 16] = leaf.chunk
    words[at / 4 + 17] = leaf.place
  }

  #slabOf(slot: number): Slab {
    return this.#slabs[Math.floor(slot / (BUCKETS_PER_SLAB * SLOTS_PER_BUCKET))] as Slab
  }

  #grow(): void {
    const capacity = this.#counts.length * 2
    const counts = new Uint8Array(capacity)
    counts.set(this.#counts)
    this.#counts = counts
    const depths = new Uint16Array(capacity)
    depths.set(this.#depths)
    this.#depths = depths
    const epochs = new Uint32Array(capacity)
    epochs.set(this.#epochs)
    this.#epochs = epochs
    const hashes = new Uint32Array(8 * capacity)
    hashes.set(this.#hashes)
    this.#hashes = hashes
  }
}

function byteOf(slot: number): number {
  return (slot & (BUCKETS_PER_SLAB * SLOTS_PER_BUCKET - 1)) * SLOT_BYTES
}

function wordOf(slot: number): number {
  return (slot & (BUCKETS_PER_SLAB * SLOTS_PER_BUCKET - 1)) * SLOT_WORDS
}

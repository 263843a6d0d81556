/**
 * Hashing of pairs of 32 bytes in batches, one native call for all nodes of one height: 33 ns a node in batches of
 * some hundreds, against 1 µs for one call a node. Plans the interior nodes of changed buckets and carries them out.
 */
import { hashInto } from '@chainsafe/hashtree'
import { type LeafSlabs, SLOTS_PER_BUCKET } from './leaf-slabs.ts'

/** A planned subtree: empty, the leaf in slot n as 2n, or the planned node n as 2n + 1. */
const EMPTY = -1

export class PairBatches {
  #slabs: LeafSlabs
  #count = 0
  #left = new Int32Array(1024)
  #right = new Int32Array(1024)
  #height = new Uint16Array(1024)
  /** Where the hash of a planned node lies, in nodes. */
  #position = new Int32Array(1024)
  #roots: number[] = []
  #input = new Uint32Array(16 * 1024)
  #output = new Uint32Array(8 * 1024)
  #hashes = new Uint32Array(8 * 1024)

  constructor(slabs: LeafSlabs) {
    this.#slabs = slabs
  }

  /** Plans the nodes of a bucket's subtree. */
  plan(bucket: number): void {
    const first = bucket * SLOTS_PER_BUCKET
    const count = this.#slabs.count(bucket)
    if (count === 0) return
    const ref = this.#planRange(first, first + count, this.#slabs.depth(bucket))
    if ((ref & 1) === 0) this.#slabs.setHashToLeaf(bucket, ref >> 1)
    else this.#roots.push(bucket, ref >> 1)
  }

  /** Hashes all that is planned, height by height, and stores the buckets' hashes. */
  run(): void {
    const order = this.#orderByHeight()
    if (8 * this.#count > this.#hashes.length) this.#hashes = new Uint32Array(16 * this.#count)
    for (let done = 0; done < this.#count; ) {
      const height = this.#height[order[done] as number]
      let end = done
      while (end < this.#count && this.#height[order[end] as number] === height) end++
      this.#runHeight(order, done, end)
      done = end
    }
    for (let i = 0; i < this.#roots.length; i += 2) {
      this.#slabs.setHash(
        this.#roots[i] as number,
        this.#hashes,
        8 * (this.#position[this.#roots[i + 1] as number] as number),
      )
    }
    this.#roots.length = 0
    this.#count = 0
  }

  /** Room for `count` pairs, to be filled before {@link hash}. */
  pairs(count: number): Uint32Array {
    if (16 * count > this.#input.length) {
      this.#input = new Uint32Array(32 * count)
      this.#output = new Uint32Array(16 * count)
    }
    return this.#input
  }

  /** Hashes of the first `count` pairs, 8 words each; valid until the next call. */
  hash(count: number): Uint32Array {
    if (count > 0)
      hashInto(new Uint8Array(this.#input.buffer, 0, 64 * count), new Uint8Array(this.#output.buffer, 0, 32 * count))
    return this.#output
  }

  #planRange(low: number, high: number, depth: number): number {
    if (high === low) return EMPTY
    if (high - low === 1) return low * 2
    const middle = this.#slabs.split(low, high, depth)
    const left = this.#planRange(low, middle, depth + 1)
    const right = this.#planRange(middle, high, depth + 1)
    return this.#planNode(left, right)
  }

  #planNode(left: number, right: number): number {
    if (this.#count === this.#left.length) this.#grow()
    const node = this.#count++
    this.#left[node] = left
    this.#right[node] = right
    this.#height[node] = 1 + Math.max(this.#heightOf(left), this.#heightOf(right))
    return node * 2 + 1
  }

  #heightOf(ref: number): number {
    return ref === EMPTY || (ref & 1) === 0 ? 0 : (this.#height[ref >> 1] as number)
  }

  #orderByHeight(): Int32Array {
    const starts = new Int32Array(258)
    for (let i = 0; i < this.#count; i++) starts[(this.#height[i] as number) + 1]!++
    for (let h = 1; h < starts.length; h++) starts[h] = (starts[h] as number) + (starts[h - 1] as number)
    const order = new Int32Array(this.#count)
    for (let i = 0; i < this.#count; i++) {
      const at = starts[this.#height[i] as number]!++
      order[at] = i
      this.#position[i] = at
    }
    return order
  }

  #runHeight(order: Int32Array, from: number, to: number): void {
    const input = this.pairs(to - from)
    for (let i = from; i < to; i++) {
      const node = order[i] as number
      this.#copy(this.#left[node] as number, input, 16 * (i - from))
      this.#copy(this.#right[node] as number, input, 16 * (i - from) + 8)
    }
    hashInto(
      new Uint8Array(input.buffer, 0, 64 * (to - from)),
      new Uint8Array(this.#hashes.buffer, 32 * from, 32 * (to - from)),
    )
  }

  #copy(ref: number, target: Uint32Array, at: number): void {
    if (ref === EMPTY) target.fill(0, at, at + 8)
    else if ((ref & 1) === 0) this.#slabs.copyLeafHash(ref >> 1, target, at)
    else {
      const from = 8 * (this.#position[ref >> 1] as number)
      for (let w = 0; w < 8; w++) target[at + w] = this.#hashes[from + w] as number
    }
  }

  #grow(): void {
    const capacity = this.#left.length * 2
    const grow = <A extends Int32Array | Uint16Array>(grown: A, old: A): A => {
      grown.set(old)
      return grown
    }
    this.#left = grow(new Int32Array(capacity), this.#left)
    this.#right = grow(new Int32Array(capacity), this.#right)
    this.#height = grow(new Uint16Array(capacity), this.#height)
    this.#position = grow(new Int32Array(capacity), this.#position)
  }
}

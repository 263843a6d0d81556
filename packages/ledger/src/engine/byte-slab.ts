/** Copies of short byte strings, many in one buffer: a buffer of its own for each would cost a malloc and a free. */

const SLAB_BYTES = 64 * 1024

export class ByteSlab {
  #slab = new Uint8Array(SLAB_BYTES)
  #used = 0

  /** A copy of `bytes`; its buffer lives as long as any copy in it. */
  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SLAB_BYTES / 4) return bytes.slice()
    if (this.#used + bytes.length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const copy = this.#slab.subarray(this.#used, this.#used + bytes.length)
    copy.set(bytes)
    this.#used += bytes.length
    return copy
  }
}

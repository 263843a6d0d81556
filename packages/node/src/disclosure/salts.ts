/** Salts of entries, drawn from the system's generator many at a time: a call for each would cost more than the rest. */
import { randomBytes } from '@salus/core'

const SALT_BYTES = 16
const DRAWN_BYTES = 256 * SALT_BYTES

export class Salts {
  #drawn = new Uint8Array(0)
  #at = 0

  /** 16 bytes that nobody has been given before. */
  next(): Uint8Array {
    if (this.#at === this.#drawn.length) {
      this.#drawn = randomBytes(DRAWN_BYTES) as Uint8Array<ArrayBuffer>
      this.#at = 0
    }
    this.#at += SALT_BYTES
    return this.#drawn.subarray(this.#at - SALT_BYTES, this.#at)
  }
}

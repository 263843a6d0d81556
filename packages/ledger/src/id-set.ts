/**
 * A set of transaction ids in one byte array, by open addressing with linear probing: 32 bytes for each place, and
 * nothing for the garbage collector to trace. Ids are hashes that their authors can choose among, so where one is put
 * depends on a number of this process too.
 */
import { randomBytes } from '@salus/core'

const ID_BYTES = 32
const PLACES_MIN = 64
const SECRET = new DataView(randomBytes(8).buffer)
const FIRST = SECRET.getUint32(0) | 1
const SECOND = SECRET.getUint32(4) | 1

export class IdSet {
  #ids = new Uint8Array(PLACES_MIN * ID_BYTES)
  #isTaken = new Uint8Array(PLACES_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  has(id: Uint8Array): boolean {
    return this.#isTaken[this.#find(id)] === 1
  }

  /** Adds an id of 32 bytes; false when it was there. */
  add(id: Uint8Array): boolean {
    const place = this.#find(id)
    if (this.#isTaken[place] === 1) return false
    this.#isTaken[place] = 1
    this.#ids.set(id, place * ID_BYTES)
    this.#size++
    if (this.#size * 4 > this.#isTaken.length * 3) this.#grow()
    return true
  }

  /** The place of an id, or the free one where it belongs. */
  #find(id: Uint8Array): number {
    const mask = this.#isTaken.length - 1
    let place = mix(id) & mask
    while (this.#isTaken[place] === 1 && !this.#isAt(place, id)) place = (place + 1) & mask
    return place
  }

  #isAt(place: number, id: Uint8Array): boolean {
    const at = place * ID_BYTES
    for (let i = 0; i < ID_BYTES; i++) if (this.#ids[at + i] !== id[i]) return false
    return true
  }

  #grow(): void {
    const ids = this.#ids
    const isTaken = this.#isTaken
    this.#ids = new Uint8Array(ids.length * 2)
    this.#isTaken = new Uint8Array(isTaken.length * 2)
    this.#size = 0
    for (let place = 0; place < isTaken.length; place++) {
      if (isTaken[place] === 1) this.add(ids.subarray(place * ID_BYTES, (place + 1) * ID_BYTES))
    }
  }
}

function mix(id: Uint8Array): number {
  const low = (id[0] as number) | ((id[1] as number) << 8) | ((id[2] as number) << 16) | ((id[3] as number) << 24)
  const high = (id[4] as number) | ((id[5] as number) << 8) | ((id[6] as number) << 16) | ((id[7] as number) << 24)
  const mixed = Math.imul(low, FIRST) ^ Math.imul(high ^ (low >>> 15), SECOND)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

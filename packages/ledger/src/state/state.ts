/**
 * The authenticated state: the index in memory, the values in the value log, and both in the ledger's file.
 *
 * A block is staged (the index takes its changes and gives the root), then either written in the block's store
 * transaction, or taken back: as the root depends on content alone, putting the old leaves back restores it exactly.
 *
 * The file holds images of 4,096 pages of the index, by the first 12 bits of the key hash. Each block renews a few of
 * them in turn, in proportion to what it changed, so that what is written per change is bounded whatever the number
 * of keys. A restart loads the images and replays the records that are newer than their page's image.
 */
import { equalBytes, SalusError, STATE_LEAF_TAG } from '@salus/core'
import type { StateProof } from '@salus/proof'
import { digest } from '../digest.ts'
import type { Store } from '../store.ts'
import { LEAF_BYTES, PAGE_BITS, PAGES, pageOf } from './index-page.ts'
import { type IndexChange, StateIndex } from './state-index.ts'
import { recordBytes, recordsOf, ValueLog, type ValueRecord } from './value-log.ts'

/** One change that a block makes, by the SHA-256 of the key; `value` null deletes the key. */
export interface HashedWrite {
  readonly keyHash: Uint8Array
  readonly value: Uint8Array | null
}

/** All pages are renewed once in this many changes, or in one for every eighth key if that is more. */
const RENEWAL_CHANGES_MIN = 16_384
/** Garbage is left alone below this size. */
const GARBAGE_BYTES_MIN = 4 * 1024 * 1024
/** Leaves loaded between two rounds of hashing at the start. */
const LOAD_BATCH = 65_536

export class AuthenticatedState {
  readonly #store: Store
  readonly #index = new StateIndex()
  readonly #values: ValueLog
  readonly #pageHeights = new Float64Array(PAGES).fill(-1)
  #nextPage = 0
  /** Changes not yet paid for by renewing pages. */
  #renewalDebt = 0
  #liveBytes = 0
  #staged: { readonly undo: readonly IndexChange[]; readonly liveBytes: number } | null = null

  /** Loads the state from the file. The caller compares the root with that of the last block. */
  constructor(store: Store) {
    this.#store = store
    this.#values = new ValueLog(store)
    this.#loadPages()
    this.#replayRecords()
    for (let page = 1; page < PAGES; page++) {
      if ((this.#pageHeights[page] as number) < (this.#pageHeights[this.#nextPage] as number)) this.#nextPage = page
    }
  }

  get size(): number {
    return this.#index.size
  }

  root(): Uint8Array {
    return this.#index.root()
  }

  /** The value of a key, or undefined. */
  get(key: Uint8Array): Uint8Array | undefined {
    return this.getHashed(digest(key))
  }

  /** The same by the SHA-256 of the key. */
  getHashed(keyHash: Uint8Array): Uint8Array | undefined {
    const slot = this.#index.find(keyHash)
    return slot < 0 ? undefined : this.#values.read(this.#index.chunkAt(slot), this.#index.placeAt(slot))
  }

  /** Proof of what stands under `key`, without its checkpoint. */
  prove(key: Uint8Array): Omit<StateProof, 'checkpoint'> {
    const keyHash = digest(key)
    const { siblings, leaf } = this.#index.path(keyHash)
    const depth = siblings.length
    const bitmap = new Uint8Array(Math.ceil(depth / 8))
    const given: Uint8Array[] = []
    siblings.toReversed().forEach((sibling, step) => {
      if (sibling === null) return
      bitmap[step >>> 3] = (bitmap[step >>> 3] as number) | (0x80 >>> (step & 7))
      given.push(sibling)
    })
    const walk = { key, depth, bitmap, siblings: given }
    if (leaf === null) return { ...walk, value: null, other: null }
    const value = this.#values.read(leaf.chunk, leaf.place)
    if (equalBytes(leaf.keyHash, keyHash)) return { ...walk, value, other: null }
    return { ...walk, value: null, other: { keyHash: leaf.keyHash, value } }
  }

  /** Applies a block's writes, one for each key at most, and returns the new root. */
  stage(writes: Iterable<HashedWrite>): Uint8Array {
    if (this.#staged) throw new SalusError('state-staged', 'a block is already in work')
    const undo: IndexChange[] = []
    const liveBytes = this.#liveBytes
    for (const { keyHash, value } of [...writes].sort((a, b) => compareHashes(a.keyHash, b.keyHash))) {
      const previous = this.#apply(keyHash, value)
      if (previous) undo.push(previous)
    }
    this.#staged = { undo, liveBytes }
    return this.#index.rehash()
  }

  /** Takes the staged block back. */
  discard(): void {
    if (!this.#staged) return
    for (const change of this.#staged.undo) this.#index.change(change)
    this.#index.rehash()
    this.#values.discard()
    this.#liveBytes = this.#staged.liveBytes
    this.#staged = null
  }

  /** Writes the staged block; to be called inside the block's store transaction. */
  write(height: number): void {
    if (!this.#staged) throw new SalusError('state-staged', 'no block is in work')
    this.#renewalDebt += this.#staged.undo.length
    this.#staged = null
    this.#compact()
    this.#values.write(height)
    this.#renewPages(height)
  }

  /**
   * Writes what was staged of a state that comes in parts, all of one height. The parts are no state until
   * {@link finishParts}: an image that an earlier part made would hide the later ones from a restart.
   */
  writePart(height: number): void {
    if (!this.#staged) throw new SalusError('state-staged', 'no block is in work')
    this.#staged = null
    this.#values.write(height)
  }

  /** Makes the images of all pages after the last part; inside a store transaction, as all writing. */
  finishParts(height: number): void {
    for (let page = 0; page < PAGES; page++) this.#writePage(page, height)
  }

  /** Makes one change; returns what undoes it, or null when nothing changed. */
  #apply(keyHash: Uint8Array, value: Uint8Array | null): IndexChange | null {
    const slot = this.#index.find(keyHash)
    if (slot < 0 && value === null) return null
    const leafHash = value && hashLeaf(keyHash, value)
    if (slot >= 0 && leafHash && this.#index.leafHashEquals(slot, leafHash)) return null
    const previous = slot < 0 ? { keyHash, leafHash: null, chunk: 0, place: 0 } : this.#index.leafAt(slot)
    if (slot >= 0) this.#liveBytes -= recordBytes(previous.place)
    const at = this.#values.append(keyHash, value)
    if (value) this.#liveBytes += recordBytes(at.place)
    this.#index.change({ keyHash, leafHash, chunk: at.chunk, place: at.place })
    return previous
  }

  /**
   * Once more than half of the value log is garbage, moves what is still referred to out of the oldest chunks and
   * drops them. Records newer than some page's image are kept: a restart needs them.
   */
  #compact(): void {
    let budget = 64 * 1024 + 256 * this.#renewalDebt
    const oldestPage = this.#pageHeights[this.#nextPage] as number
    while (budget > 0 && this.#values.totalBytes > 2 * this.#liveBytes + GARBAGE_BYTES_MIN) {
      const oldest = this.#values.oldest()
      if (!oldest || oldest.height > oldestPage) return
      for (const record of recordsOf(oldest.chunk, oldest.bytes)) this.#move(record)
      this.#values.drop(oldest.chunk, oldest.bytes.length)
      budget -= oldest.bytes.length
    }
  }

  #move({ keyHash, value, chunk, place }: ValueRecord): void {
    if (value === null) return
    const slot = this.#index.find(keyHash)
    if (slot < 0 || this.#index.chunkAt(slot) !== chunk || this.#index.placeAt(slot) !== place) return
    const at = this.#values.append(keyHash, value)
    this.#index.relocate(slot, at.chunk, at.place)
    this.#renewalDebt++
  }

  #renewPages(height: number): void {
    const changesPerPage = Math.max(RENEWAL_CHANGES_MIN, this.#index.size / 8) / PAGES
    let count = Math.min(PAGES, Math.floor(this.#renewalDebt / changesPerPage))
    this.#renewalDebt -= count * changesPerPage
    for (; count > 0; count--) {
      this.#writePage(this.#nextPage, height)
      this.#nextPage = (this.#nextPage + 1) % PAGES
    }
  }

  #writePage(page: number, height: number): void {
    this.#store.run('INSERT OR REPLACE INTO index_page VALUES (?, ?, ?)', page, height, this.#pageImage(page))
    this.#pageHeights[page] = height
  }

  #pageImage(page: number): Uint8Array {
    let image = new Uint8Array(64 * LEAF_BYTES)
    let length = 0
    this.#index.visit(page, PAGE_BITS, (slot) => {
      if (length === image.length) {
        const grown = new Uint8Array(image.length * 2)
        grown.set(image)
        image = grown
      }
      this.#index.copySlot(slot, image, length)
      length += LEAF_BYTES
    })
    return image.subarray(0, length)
  }

  #loadPages(): void {
    let loaded = 0
    type Row = { page: number; height: number; leaves: Uint8Array }
    for (const row of this.#store.each<Row>('SELECT page, height, leaves FROM index_page ORDER BY page')) {
      this.#pageHeights[row.page] = row.height
      const view = new DataView(row.leaves.buffer, row.leaves.byteOffset, row.leaves.length)
      for (let at = 0; at < row.leaves.length; at += LEAF_BYTES) {
        const place = view.getUint32(at + 68, true)
        this.#liveBytes += recordBytes(place)
        this.#index.change({
          keyHash: row.leaves.subarray(at, at + 32),
          leafHash: row.leaves.subarray(at + 32, at + 64),
          chunk: view.getUint32(at + 64, true),
          place,
        })
        if (++loaded % LOAD_BATCH === 0) this.#index.rehash()
      }
    }
    this.#index.rehash()
  }

  #replayRecords(): void {
    const from = this.#pageHeights.reduce((least, height) => Math.min(least, height))
    type Row = { id: number; height: number; records: Uint8Array }
    const sql = 'SELECT id, height, records FROM value_chunk WHERE height > ? ORDER BY id'
    for (const row of this.#store.each<Row>(sql, from)) {
      for (const { keyHash, value, chunk, place } of recordsOf(row.id, row.records)) {
        if (row.height <= (this.#pageHeights[pageOf(keyHash)] as number)) continue
        const slot = this.#index.find(keyHash)
        if (slot >= 0) this.#liveBytes -= recordBytes(this.#index.placeAt(slot))
        if (value) this.#liveBytes += recordBytes(place)
        this.#index.change({ keyHash, leafHash: value && hashLeaf(keyHash, value), chunk, place })
      }
    }
    this.#index.rehash()
  }
}

let leafInput = new Uint8Array(8192)
leafInput.set(STATE_LEAF_TAG)

/** The same as core's `stateLeafHash`, by one call into OpenSSL. */
function hashLeaf(keyHash: Uint8Array, value: Uint8Array): Uint8Array {
  const length = STATE_LEAF_TAG.length + 32 + value.length
  if (length > leafInput.length) {
    leafInput = new Uint8Array(length * 2)
    leafInput.set(STATE_LEAF_TAG)
  }
  leafInput.set(keyHash, STATE_LEAF_TAG.length)
  leafInput.set(value, STATE_LEAF_TAG.length + 32)
  return digest(leafInput.subarray(0, length))
}

function compareHashes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

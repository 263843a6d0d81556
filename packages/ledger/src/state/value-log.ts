/**
 * Values of the state, in an append-only log of chunks of about 4 kB. A record is the key hash (32 bytes), the length
 * of the value plus one (4 bytes, big-endian; 0 deletes the key) and the value; records of one block share chunks with
 * no other block. A leaf refers to its value by chunk number and place: offset of the record in the high 16 bits,
 * length of the value in the low ones. Values are read through a cache of recent chunks: reading at random from the
 * file costs ten times as much as the cache.
 */
import { SalusError } from '@salus/core'
import type { Store } from '../store.ts'

/** Longest value, in bytes: what 16 bits can say. */
export const VALUE_BYTES_MAX = 0xffff
/** A chunk is closed when it has this many bytes, so a record begins below it. */
const CHUNK_BYTES = 4096
const RECORD_HEAD_BYTES = 36
/** Memory for recently used chunks. */
const CACHE_BYTES_MAX = 32 * 1024 * 1024

/** One record as read back; `value` null deletes. It is a view of the chunk. */
export interface ValueRecord {
  readonly keyHash: Uint8Array
  readonly value: Uint8Array | null
  readonly chunk: number
  readonly place: number
}

/** Bytes that the record of a place takes. */
export function recordBytes(place: number): number {
  return RECORD_HEAD_BYTES + (place & 0xffff)
}

/** The records of one chunk, in order. @throws SalusError `store-corrupt` */
export function* recordsOf(chunk: number, bytes: Uint8Array): Generator<ValueRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; ) {
    const start = at + RECORD_HEAD_BYTES
    const length = start <= bytes.length ? view.getUint32(at + 32) - 1 : 0
    const end = start + Math.max(0, length)
    if (end > bytes.length) throw new SalusError('store-corrupt', 'a chunk of values is cut short', { chunk })
    const value = length < 0 ? null : bytes.subarray(start, end)
    yield { keyHash: bytes.subarray(at, at + 32), value, chunk, place: at * 0x10000 + Math.max(0, length) }
    at = end
  }
}

interface OpenChunk {
  bytes: Uint8Array
  length: number
}

export class ValueLog {
  readonly #store: Store
  readonly #cache = new Map<number, Uint8Array>()
  readonly #cacheBytesMax: number
  #cacheBytes = 0
  #next: number
  /** Chunks of the block in work; the last one is still open. The first has number `#next`. */
  #staged: OpenChunk[] = []
  /** Bytes of all chunks in the file. */
  #totalBytes: number

  constructor(store: Store, cacheBytesMax: number = CACHE_BYTES_MAX) {
    this.#store = store
    this.#cacheBytesMax = cacheBytesMax
    this.#next = (store.get<{ id: number | null }>('SELECT max(id) AS id FROM value_chunk')?.id ?? 0) + 1
    this.#totalBytes = store.get<{ n: number | null }>('SELECT sum(length(records)) AS n FROM value_chunk')?.n ?? 0
  }

  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Appends a record to the block in work. */
  append(keyHash: Uint8Array, value: Uint8Array | null): { chunk: number; place: number } {
    const length = value?.length ?? 0
    if (length > VALUE_BYTES_MAX) {
      throw new SalusError('state-value-too-large', 'a value of the state is too large', { VALUE_BYTES_MAX })
    }
    const open = this.#room(RECORD_HEAD_BYTES + length)
    const at = open.length
    open.bytes.set(keyHash, at)
    const head = value === null ? 0 : length + 1
    open.bytes[at + 33] = head >>> 16
    open.bytes[at + 34] = (head >>> 8) & 0xff
    open.bytes[at + 35] = head & 0xff
    if (value) open.bytes.set(value, at + RECORD_HEAD_BYTES)
    open.length += RECORD_HEAD_BYTES + length
    return { chunk: this.#next + this.#staged.length - 1, place: at * 0x10000 + length }
  }

  /** A copy of the value at a place. */
  read(chunk: number, place: number): Uint8Array {
    const start = Math.floor(place / 0x10000) + RECORD_HEAD_BYTES
    return this.chunk(chunk).slice(start, start + (place & 0xffff))
  }

  /** The bytes of a chunk. */
  chunk(chunk: number): Uint8Array {
    const staged = this.#staged[chunk - this.#next]
    if (staged) return staged.bytes
    const cached = this.#cache.get(chunk)
    if (cached) return cached
    const row = this.#store.get<{ records: Uint8Array }>('SELECT records FROM value_chunk WHERE id = ?', chunk)
    if (!row) throw new SalusError('store-corrupt', 'a value of the state is missing', { chunk })
    this.#remember(chunk, row.records)
    return row.records
  }

  /** Writes the block's chunks; to be called inside the block's store transaction. */
  write(height: number): void {
    for (const { bytes, length } of this.#staged) {
      const chunk = bytes.slice(0, length)
      this.#store.run('INSERT INTO value_chunk VALUES (?, ?, ?)', this.#next, height, chunk)
      this.#remember(this.#next++, chunk)
      this.#totalBytes += length
    }
    this.#staged = []
  }

  /** Forgets the block in work. */
  discard(): void {
    this.#staged = []
  }

  /** The oldest chunk in the file. */
  oldest(): { chunk: number; height: number; bytes: Uint8Array } | undefined {
    return this.#store.get('SELECT id AS chunk, height, records AS bytes FROM value_chunk ORDER BY id LIMIT 1')
  }

  /** Drops a chunk none of whose values is referred to. */
  drop(chunk: number, byteCount: number): void {
    this.#store.run('DELETE FROM value_chunk WHERE id = ?', chunk)
    this.#totalBytes -= byteCount
    const cached = this.#cache.get(chunk)
    if (cached) this.#cacheBytes -= cached.length
    this.#cache.delete(chunk)
  }

  #room(byteCount: number): OpenChunk {
    const last = this.#staged.at(-1)
    if (last && last.length < CHUNK_BYTES && last.length + byteCount <= last.bytes.length) return last
    const opened = { bytes: new Uint8Array(Math.max(CHUNK_BYTES, byteCount)), length: 0 }
    this.#staged.push(opened)
    return opened
  }

  /** The cache drops the oldest half when it is full; chunks in use come back with their next read. */
  #remember(chunk: number, bytes: Uint8Array): void {
    this.#cache.set(chunk, bytes)
    this.#cacheBytes += bytes.length
    if (this.#cacheBytes <= this.#cacheBytesMax) return
    for (const [old, content] of this.#cache) {
      if (this.#cacheBytes <= this.#cacheBytesMax / 2) break
      this.#cache.delete(old)
      this.#cacheBytes -= content.length
    }
  }
}

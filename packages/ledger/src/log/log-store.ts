/**
 * The log in the ledger's file: entries in segments, full tiles, and the Merkle tree over them. A segment holds
 * entries that follow each other, each after its length (2 bytes, big-endian), and never crosses a multiple of 256;
 * so an entry bundle of tlog-tiles is its segments one after the other.
 */
import { SalusError } from '@salus/core'
import type { Store } from '../store.ts'
import { joinEntries, splitEntries } from './entry-bundle.ts'
import { type LogMark, logLeafHash, MerkleLog, perfectRoot } from './merkle-log.ts'
import { parseTilePath, TILE_WIDTH } from './tile-path.ts'

/** Longest entry, in bytes: what the 16-bit length of a bundle can say. */
export const ENTRY_BYTES_MAX = 0xffff
/** Tile levels have their own ranges of row ids. */
const LEVEL_STRIDE = 2 ** 46

export class LogStore {
  readonly #store: Store
  readonly #tree: MerkleLog
  /** What the log was before the staged block. */
  #mark: LogMark | null = null
  #staged: Uint8Array[] = []

  /** Loads the log of `size` entries. */
  constructor(store: Store, size: number) {
    this.#store = store
    this.#tree = new MerkleLog((level, index) => this.#readTile(level, index))
    this.#tree.restore(size, this.#readEdges(size))
  }

  get size(): number {
    return this.#tree.size
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  /** Appends a block's entries. */
  stage(entries: readonly Uint8Array[]): void {
    if (this.#mark) throw new SalusError('log-staged', 'a block is already in work')
    for (const entry of entries) {
      if (entry.length > ENTRY_BYTES_MAX) throw new SalusError('log-entry-too-large', 'an entry is too large')
    }
    this.#mark = this.#tree.mark()
    this.#staged = [...entries]
    for (const entry of entries) this.#tree.append(logLeafHash(entry))
  }

  /** Takes the staged block back. */
  discard(): void {
    if (this.#mark) this.#tree.rewind(this.#mark)
    this.#mark = null
    this.#staged = []
  }

  /** Writes the staged block; to be called inside the block's store transaction. */
  write(): void {
    if (!this.#mark) throw new SalusError('log-staged', 'no block is in work')
    const entries = this.#staged
    for (let at = 0; at < entries.length; ) {
      const first = this.#mark.size + at
      const count = Math.min(entries.length - at, TILE_WIDTH - (first % TILE_WIDTH))
      this.#store.run('INSERT INTO log_segment VALUES (?, ?)', first, joinEntries(entries.slice(at, at + count)))
      at += count
    }
    for (const { level, index, hashes } of this.#tree.takeFullTiles()) {
      this.#store.run('INSERT OR REPLACE INTO log_tile VALUES (?, ?)', level * LEVEL_STRIDE + index, hashes)
    }
    this.#mark = null
    this.#staged = []
  }

  inclusionPath(index: number): Uint8Array[] {
    return this.#tree.inclusionPath(index)
  }

  consistencyPath(size: number): Uint8Array[] {
    return this.#tree.consistencyPath(size)
  }

  /** The entries from `from` to `to`. */
  entries(from: number, to: number): Uint8Array[] {
    const found: Uint8Array[] = []
    type Row = { first_index: number; entries: Uint8Array }
    const sql = `SELECT first_index, entries FROM log_segment WHERE first_index < ? AND first_index >=
      (SELECT coalesce(max(first_index), 0) FROM log_segment WHERE first_index <= ?) ORDER BY first_index`
    for (const row of this.#store.all<Row>(sql, to, from)) {
      splitEntries(row.entries).forEach((entry, i) => {
        const index = row.first_index + i
        if (index >= from && index < to) found.push(entry.slice())
      })
    }
    if (found.length !== to - from)
      throw new SalusError('log-entry-missing', 'entries of the log are missing', { from })
    return found
  }

  /** A tlog-tiles resource by its path below `tile/`, or undefined. */
  resource(path: string): Uint8Array | undefined {
    const tile = parseTilePath(path)
    if (!tile) return undefined
    const { level, index, width } = tile
    if (level !== 'entries') return this.#tree.tile(level, index, width)
    const from = index * TILE_WIDTH
    return from + width <= this.size ? joinEntries(this.entries(from, from + width)) : undefined
  }

  /** The first `count` hashes of a tile, which may be none. @throws SalusError `log-tile-missing` */
  hashes(level: number, index: number, count: number): Uint8Array {
    const hashes = count === 0 ? new Uint8Array(0) : this.#tree.tile(level, index, count)
    if (!hashes) throw new SalusError('log-tile-missing', 'this replica does not have that part of the log', { level })
    return hashes
  }

  /** The hashes of the partial tile of each level, which is what {@link MerkleLog.restore} takes. */
  edges(): Uint8Array[] {
    const counts = MerkleLog.edgeCounts(this.size)
    return counts.map((count, level) => this.hashes(level, Math.floor(this.size / TILE_WIDTH ** (level + 1)), count))
  }

  /** Begins a log with the right edge that it had at `size`, a multiple of 256: partial tiles by level from 1. */
  static writeEdges(store: Store, size: number, edges: readonly Uint8Array[]): void {
    edges.forEach((hashes, i) => {
      const index = Math.floor(size / TILE_WIDTH ** (i + 2))
      if (hashes.length > 0) store.run('INSERT INTO log_tile VALUES (?, ?)', (i + 1) * LEVEL_STRIDE + index, hashes)
    })
  }

  #readTile(level: number, index: number): Uint8Array | undefined {
    const id = level * LEVEL_STRIDE + index
    return this.#store.get<{ hashes: Uint8Array }>('SELECT hashes FROM log_tile WHERE id = ?', id)?.hashes
  }

  /** Hashes of the partial tiles: from the last entries at level 0, above that from the full tiles below. */
  #readEdges(size: number): Uint8Array[] {
    const edges: Uint8Array[] = []
    for (let level = 0, count = size; count > 0; level++) {
      const first = count - (count % TILE_WIDTH)
      edges.push(level === 0 ? this.#hashEntries(first, count) : this.#hashTiles(level - 1, first, count))
      count = Math.floor(count / TILE_WIDTH)
    }
    return edges
  }

  #hashEntries(from: number, to: number): Uint8Array {
    const hashes = new Uint8Array((to - from) * 32)
    const entries = to > from ? this.entries(from, to) : []
    for (const [i, entry] of entries.entries()) hashes.set(logLeafHash(entry), i * 32)
    return hashes
  }

  /** A log that began with a snapshot has the edge of that time in place of tiles before it. */
  #hashTiles(level: number, from: number, to: number): Uint8Array {
    const hashes = new Uint8Array((to - from) * 32)
    const begun = this.#readTile(level + 1, from / TILE_WIDTH)?.subarray(0, hashes.length)
    if (begun) hashes.set(begun)
    for (let index = from + (begun?.length ?? 0) / 32; index < to; index++) {
      const tile = this.#readTile(level, index)
      if (!tile) throw new SalusError('store-corrupt', 'a tile of the log is missing', { level, index })
      hashes.set(perfectRoot(tile, 0, TILE_WIDTH), (index - from) * 32)
    }
    return hashes
  }
}

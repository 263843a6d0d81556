/**
 * The state in the order of key hashes straight from a ledger's file, page of the index by page, without the index in
 * memory: for snapshots, which are taken beside the process that writes. A page is its image and the records of the
 * value log that are newer than the image, as at a restart.
 */
import { binaryName } from '../digest.ts'
import type { Store } from '../store.ts'
import { LEAF_BYTES, PAGES, pageOf } from './index-page.ts'
import { recordsOf, ValueLog } from './value-log.ts'

/** Memory for chunks of values: neighbours by key hash lie far apart, so more would help little. */
const CACHE_BYTES_MAX = 16 * 1024 * 1024

/** Where a leaf's value lies; a deleted one has none. */
interface StoredLeaf {
  readonly keyHash: Uint8Array
  readonly at: { readonly chunk: number; readonly place: number } | null
}

/** Every leaf of the state in the order of key hashes. */
export function* storedLeaves(store: Store): Generator<{ keyHash: Uint8Array; value: Uint8Array }> {
  const values = new ValueLog(store, CACHE_BYTES_MAX)
  const newer = readNewer(store)
  for (let page = 0; page < PAGES; page++) {
    const leaves = new Map<string, StoredLeaf>()
    for (const leaf of [...readImage(store, page), ...(newer.get(page) ?? [])]) {
      leaves.set(binaryName(leaf.keyHash), leaf)
    }
    newer.delete(page)
    // One character for each byte, so names have the order of the bytes.
    for (const name of [...leaves.keys()].sort()) {
      const { keyHash, at } = leaves.get(name) as StoredLeaf
      if (at) yield { keyHash, value: values.read(at.chunk, at.place) }
    }
  }
}

function readImage(store: Store, page: number): StoredLeaf[] {
  const row = store.get<{ leaves: Uint8Array }>('SELECT leaves FROM index_page WHERE page = ?', page)
  const leaves: StoredLeaf[] = []
  if (!row) return leaves
  const view = new DataView(row.leaves.buffer, row.leaves.byteOffset, row.leaves.length)
  for (let at = 0; at < row.leaves.length; at += LEAF_BYTES) {
    const where = { chunk: view.getUint32(at + 64, true), place: view.getUint32(at + 68, true) }
    leaves.push({ keyHash: row.leaves.subarray(at, at + 32), at: where })
  }
  return leaves
}

/** The records that are newer than the image of their page, in order, by page. */
function readNewer(store: Store): Map<number, StoredLeaf[]> {
  const heights = new Float64Array(PAGES).fill(-1)
  for (const { page, height } of store.each<{ page: number; height: number }>('SELECT page, height FROM index_page')) {
    heights[page] = height
  }
  const newer = new Map<number, StoredLeaf[]>()
  type Row = { id: number; height: number; records: Uint8Array }
  const sql = 'SELECT id, height, records FROM value_chunk WHERE height > ? ORDER BY id'
  const oldest = heights.reduce((least, height) => Math.min(least, height))
  for (const row of store.each<Row>(sql, oldest)) {
    for (const { keyHash, value, chunk, place } of recordsOf(row.id, row.records)) {
      const page = pageOf(keyHash)
      if (row.height <= (heights[page] as number)) continue
      const leaves = newer.get(page) ?? []
      leaves.push({ keyHash: keyHash.slice(), at: value && { chunk, place } })
      newer.set(page, leaves)
    }
  }
  return newer
}

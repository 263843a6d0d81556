/**
 * The transactions that must not come again: the ids of all that were executed, until they expire. An id is the hash
 * of a body that names its expiry, so it is looked up only among those that expire in the same minute, and a minute
 * is forgotten as a whole.
 */
import { concat, TRANSACTION_LIFETIME_MS_MAX } from '@salus/core'
import { IdSet } from './id-set.ts'
import type { Store } from './store.ts'

const MINUTE_MS = 60_000
const ID_BYTES = 32
const RECORD_BYTES = ID_BYTES + 8

/** An id with its expiry. */
export interface ExecutedId {
  readonly id: Uint8Array
  readonly expiresAtMs: number
}

export class ReplaySet {
  readonly #minutes = new Map<number, IdSet>()
  /** Blocks whose ids are in the file, oldest first. */
  #blocks: { readonly height: number; readonly timeMs: number }[] = []

  /** True when the transaction was executed. */
  has({ id, expiresAtMs }: ExecutedId): boolean {
    return this.#minutes.get(Math.floor(expiresAtMs / MINUTE_MS))?.has(id) ?? false
  }

  /** Remembers a block's ids, and forgets those that expired by its time. */
  add(ids: readonly ExecutedId[], timeMs: number): void {
    for (const { id, expiresAtMs } of ids) {
      const minute = Math.floor(expiresAtMs / MINUTE_MS)
      let known = this.#minutes.get(minute)
      if (!known) {
        known = new IdSet()
        this.#minutes.set(minute, known)
      }
      known.add(id)
    }
    for (const minute of this.#minutes.keys()) if ((minute + 1) * MINUTE_MS <= timeMs) this.#minutes.delete(minute)
  }

  /** Writes a block's ids; to be called inside the block's store transaction. */
  write(store: Store, height: number, timeMs: number, ids: readonly ExecutedId[]): void {
    if (ids.length > 0) {
      store.run('INSERT INTO replay VALUES (?, ?)', height, encodeIds(ids))
      this.#blocks.push({ height, timeMs })
    }
    const expired = this.#blocks.filter((block) => block.timeMs + TRANSACTION_LIFETIME_MS_MAX <= timeMs)
    const last = expired.at(-1)
    if (!last) return
    store.run('DELETE FROM replay WHERE height <= ?', last.height)
    this.#blocks = this.#blocks.slice(expired.length)
  }

  /** Begins a set with encoded ids, as of the block at `height`; inside a store transaction. */
  static restore(store: Store, height: number, encoded: readonly Uint8Array[]): void {
    store.run('INSERT INTO replay VALUES (?, ?)', height, concat(...encoded))
  }

  /** Loads the ids that the file holds; `timeMs` is the time of the last block. */
  load(store: Store, timeMs: number): void {
    type Row = { height: number; timeMs: number; ids: Uint8Array }
    const sql = 'SELECT height, time_ms AS timeMs, ids FROM replay JOIN block USING (height) ORDER BY height'
    for (const row of store.each<Row>(sql)) {
      this.#blocks.push({ height: row.height, timeMs: row.timeMs })
      this.add(decodeIds(row.ids), timeMs)
    }
  }
}

/** Ids as the file holds them: each with its expiry. */
export function encodeIds(ids: readonly ExecutedId[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  ids.forEach(({ id, expiresAtMs }, i) => {
    bytes.set(id, i * RECORD_BYTES)
    view.setFloat64(i * RECORD_BYTES + ID_BYTES, expiresAtMs)
  })
  return bytes
}

function decodeIds(bytes: Uint8Array): ExecutedId[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / RECORD_BYTES }, (_, i) => ({
    id: bytes.subarray(i * RECORD_BYTES, i * RECORD_BYTES + ID_BYTES),
    expiresAtMs: view.getFloat64(i * RECORD_BYTES + ID_BYTES),
  }))
}

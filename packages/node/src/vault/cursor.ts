/**
 * Cursors of pages. A cursor holds the position after the last row, sort values included, so that rows which come or
 * go between pages make none appear twice or not at all. As those values are personal data and cursors travel in
 * URLs, a cursor is encrypted, and bound to the query that it continues.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { fromBase64url, fromUtf8, isSalusError, SalusError, sha256, toBase64url, utf8 } from '@salus/core'
import { type KeyRing, seal, unseal } from './keys.ts'

export type CursorValue = string | number | null

/** Longest cursor, in characters: sort values are bounded by what the index keeps. */
export const CURSOR_LENGTH_MAX = 16_384

export class Cursors {
  private readonly key: KeyObject

  constructor(ring: KeyRing) {
    this.key = createSecretKey(ring.derive('cursor'))
  }

  write(query: string, values: readonly CursorValue[]): string {
    return toBase64url(seal(this.key, sha256(utf8(query)), utf8(JSON.stringify(values))))
  }

  /** @throws SalusError `cursor-invalid` */
  read(query: string, cursor: string): CursorValue[] {
    if (cursor.length > CURSOR_LENGTH_MAX) throw new SalusError('cursor-invalid', 'the cursor is too long')
    try {
      const content = unseal(this.key, sha256(utf8(query)), fromBase64url(cursor))
      return JSON.parse(fromUtf8(content)) as CursorValue[]
    } catch (cause) {
      if (!isSalusError(cause)) throw cause
      throw new SalusError('cursor-invalid', 'the cursor does not continue this query', {}, cause)
    }
  }
}

/**
 * Batches of transactions as they go to a thread: each after its length (2 bytes, big-endian), as in an entry bundle
 * of the log. The thread takes each apart and checks its signature; it answers one byte for each.
 */
import { isSalusError, parseTransaction, verifySignature } from '@salus/core'
import type { CheckedTransaction } from '../apply-block.ts'
import { splitEntries } from '../log/entry-bundle.ts'

export const MALFORMED = 0
export const BADLY_SIGNED = 1
export const VALID = 2
/** What checking a transaction by itself finds: one of the three above. */
export type Verdict = typeof MALFORMED | typeof BADLY_SIGNED | typeof VALID

/** One verdict for each transaction of the batch. */
export function checkBatch(batch: Uint8Array): Uint8Array {
  return Uint8Array.from(splitEntries(batch), checkWire)
}

function checkWire(wire: Uint8Array): Verdict {
  try {
    const { body, id, signature } = parseTransaction(wire)
    return verifySignature(body.signer, id, signature) ? VALID : BADLY_SIGNED
  } catch (error) {
    if (!isSalusError(error)) throw error
    return MALFORMED
  }
}

/** The transaction of `wire` as a block takes it, after the verdict on it. */
export function openChecked(wire: Uint8Array, verdict: Verdict): CheckedTransaction {
  if (verdict === BADLY_SIGNED) return { transaction: null, code: 'signature-invalid' }
  try {
    return { transaction: parseTransaction(wire), code: null }
  } catch (error) {
    if (!isSalusError(error)) throw error
    return { transaction: null, code: error.code }
  }
}

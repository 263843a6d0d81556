/** Batches of Ed25519 signatures as they go to a thread: public key, digest and signature, 128 bytes for each. */
import { ed25519Verify } from '@salus/core'

export const SIGNATURE_RECORD_BYTES = 128

/** Writes one record at `at`. */
export function writeRecord(
  batch: Uint8Array,
  at: number,
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): void {
  batch.set(publicKey, at)
  batch.set(digest, at + 32)
  batch.set(signature, at + 64)
}

/** One byte for each record: 1 where the signature holds. */
export function verifyBatch(batch: Uint8Array): Uint8Array {
  const results = new Uint8Array(batch.length / SIGNATURE_RECORD_BYTES)
  for (let i = 0; i < results.length; i++) {
    const record = batch.subarray(i * SIGNATURE_RECORD_BYTES, (i + 1) * SIGNATURE_RECORD_BYTES)
    const isValid = ed25519Verify(record.subarray(0, 32), record.subarray(32, 64), record.subarray(64))
    results[i] = isValid ? 1 : 0
  }
  return results
}

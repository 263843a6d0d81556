/** Two short functions that the hot paths share. */
import { sha256 } from '@salus/core'

const bufferText = Buffer.prototype.toString

/** SHA-256 of `input`, 32 bytes. */
export function digest(input: Uint8Array): Uint8Array {
  return sha256(input)
}

/** Bytes as the key of a map: one character for each byte. Needs no Buffer around the bytes. */
export function binaryName(bytes: Uint8Array): string {
  return bufferText.call(bytes, 'latin1')
}

/**
 * A body as it is stored: the commitment's salt (16 bytes) and the compressed text, sealed under the patient's data
 * key and bound to type, id and version, so that no body can be put in another's place. Raw deflate at its
 * fastest level: on synthetic records it saves more than half, and costs about as much as the encryption.
 */
import type { KeyObject } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { SalusError, utf8 } from '@salus/core'
import { RESOURCE_BYTES_MAX } from '../limits.ts'
import { seal, unseal } from './keys.ts'

export const SALT_BYTES = 16
const WINDOW_BITS = 13
const COMPRESSION = { level: 1, windowBits: WINDOW_BITS, memLevel: 5, chunkSize: 4096 }
// Stored resources may exceed the limit of what comes in by their meta.
const DECOMPRESSION = { windowBits: WINDOW_BITS, chunkSize: 8192, maxOutputLength: 2 * RESOURCE_BYTES_MAX }

function associated(type: string, id: string, version: string): Uint8Array {
  return utf8(`${type}/${id}/${version}`)
}

export function sealBody(
  key: KeyObject,
  type: string,
  id: string,
  version: string,
  salt: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const compressed = text.length === 0 ? text : deflateRawSync(text, COMPRESSION)
  return seal(key, associated(type, id, version), Buffer.concat([salt, compressed]))
}

/** @throws SalusError `vault-key-invalid`, `vault-body-invalid` */
export function openBody(
  key: KeyObject,
  type: string,
  id: string,
  version: string,
  body: Uint8Array,
): { readonly salt: Uint8Array; readonly text: string } {
  const content = unseal(key, associated(type, id, version), body)
  const salt = content.subarray(0, SALT_BYTES)
  const compressed = content.subarray(SALT_BYTES)
  if (compressed.length === 0) return { salt, text: '' }
  try {
    return { salt, text: inflateRawSync(compressed, DECOMPRESSION).toString('utf8') }
  } catch (cause) {
    throw new SalusError('vault-body-invalid', 'a stored body does not decompress', {}, cause)
  }
}

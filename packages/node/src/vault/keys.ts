/**
 * Data keys. Each patient's bodies are encrypted under a random key of their own, stored wrapped by the node's master
 * key: AES-256-GCM, a random 96-bit nonce, the patient's number as associated data. Destroying the wrapped key makes
 * every copy of those bodies unreadable that was not kept together with it.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { randomBytes, SalusError } from '@salus/core'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

/** Implementations MUST make `unwrap` fail for any other `name` than the one given to `wrap`. */
export interface KeyRing {
  /** The key of 32 bytes in a form that only this ring can open. */
  wrap(name: string, key: Uint8Array): Uint8Array
  /** @throws SalusError `vault-key-invalid` */
  unwrap(name: string, wrapped: Uint8Array): Uint8Array
  /** A key of 32 bytes for one purpose, always the same. */
  derive(purpose: string): Uint8Array
}

/** A key ring over a master key of 32 bytes held in memory. */
export function openKeyRing(masterKey: Uint8Array): KeyRing {
  if (masterKey.length !== KEY_BYTES) {
    throw new SalusError('vault-key-invalid', 'the master key has the wrong length', { KEY_BYTES })
  }
  const derive = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', masterKey, new Uint8Array(0), `salus/v1/vault/${purpose}`, KEY_BYTES))
  const wrapping = createSecretKey(derive('wrap'))
  return {
    derive,
    wrap: (name, key) => seal(wrapping, Buffer.from(name), Buffer.from(key)),
    unwrap: (name, wrapped) => unseal(wrapping, Buffer.from(name), wrapped),
  }
}

/** Nonce, ciphertext and tag of `content`, bound to `associated`. */
export function seal(key: KeyObject, associated: Uint8Array, content: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce)
  cipher.setAAD(associated)
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

/** @throws SalusError `vault-key-invalid` when key, associated data or bytes are not those of `seal` */
export function unseal(key: KeyObject, associated: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(associated)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const content = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES))
    decipher.final()
    return content
  } catch (cause) {
    throw new SalusError('vault-key-invalid', 'sealed bytes do not open under this key', {}, cause)
  }
}

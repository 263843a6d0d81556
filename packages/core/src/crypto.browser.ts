/** Hashes, signatures and randomness by the audited noble libraries; the same interface as `crypto.node.ts`. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2.js'
import { concat, equalBytes } from './bytes.ts'
import { isStrictEd25519Input } from './ed25519-rule.ts'

const { Point } = ed25519

/** SHA-256 of the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `length` bytes from the system's generator. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

/** Public key (32 bytes) of an Ed25519 seed (32 bytes). */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed)
}

/** Ed25519 signature (64 bytes) of `message` under a seed (32 bytes). */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed)
}

/**
 * True when the signature holds under the rule of docs/spec/signatures.md. Never throws.
 * noble multiplies by the cofactor, OpenSSL does not; so R is computed again here and compared byte by byte.
 */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictEd25519Input(publicKey, signature)) return false
  try {
    const a = Point.fromBytes(publicKey)
    const digest = sha512(concat(signature.subarray(0, 32), publicKey, message))
    const k = Point.Fn.create(littleEndian(digest))
    const s = littleEndian(signature.subarray(32))
    const sB = s === 0n ? Point.ZERO : Point.BASE.multiply(s)
    const kA = k === 0n ? Point.ZERO : a.multiplyUnsafe(k)
    return equalBytes(sB.subtract(kA).toBytes(), signature.subarray(0, 32))
  } catch {
    return false
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}

/**
 * True when the ECDSA P-256 signature with SHA-256 holds. `publicKey` is the uncompressed point (65 bytes),
 * `signature` is r and s, 32 bytes each (IEEE P1363). Never throws.
 */
export function p256Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 65 || publicKey[0] !== 4 || signature.length !== 64) return false
  try {
    return p256.verify(signature, message, publicKey, { lowS: false, prehash: true })
  } catch {
    return false
  }
}

/** Cost of scrypt (RFC 7914): N doubles time and memory, r sets the block, p repeats; 128·N·r bytes of memory. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** A key of `length` bytes from a password. */
export function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Uint8Array> {
  return scryptAsync(password, salt, { ...cost, dkLen: length, maxmem: 128 * cost.r * (cost.N + cost.p) + 1024 * 1024 })
}

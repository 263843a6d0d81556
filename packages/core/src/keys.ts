/**
 * Public keys and signatures in the two schemes of the ledger: Ed25519 (RFC 8032), and ECDSA P-256 inside a WebAuthn
 * assertion (Web Authentication Level 3, section 7.2), so that a passkey can sign a consent.
 */
import { ed25519PublicKey, ed25519Sign, ed25519Verify, p256Verify, sha256 } from '#crypto'
import { concat, equalBytes, fromUtf8, toBase64url } from './bytes.ts'
import { bytes, decode, encode, type Infer, oneOf, struct } from './schema.ts'

export { ed25519PublicKey, ed25519Sign, ed25519Verify, p256Verify, type ScryptCost, scrypt } from '#crypto'

export const SCHEMES = ['ed25519', 'webauthn-es256'] as const

/** A public key: 32 bytes for `ed25519`, the uncompressed point of 65 bytes for `webauthn-es256`. */
export const PublicKey = struct({ scheme: oneOf(...SCHEMES), bytes: bytes(32, 65) })
export type PublicKey = Infer<typeof PublicKey>

/** What a `webauthn-es256` signature carries: the assertion, with r and s of 32 bytes each. */
export const WebauthnSignature = struct({
  authenticatorData: bytes(37, 1024),
  clientDataJson: bytes(1, 2048),
  signature: bytes(64),
})
export type WebauthnSignature = Infer<typeof WebauthnSignature>

/** Longest encoded signature of either scheme, in bytes. */
export const SIGNATURE_BYTES_MAX = 3200

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04

/** Something that can sign for one public key. The secret stays inside. */
export interface Signer {
  readonly publicKey: PublicKey
  /** Signs a 32-byte digest made by `domainHash`. */
  sign(digest: Uint8Array): Promise<Uint8Array>
}

/** A signer over an Ed25519 seed of 32 bytes. */
export function ed25519Signer(seed: Uint8Array): Signer {
  const publicKey: PublicKey = { scheme: 'ed25519', bytes: ed25519PublicKey(seed) }
  return { publicKey, sign: async (digest) => ed25519Sign(seed, digest) }
}

/** True when `signature` is `key`'s signature of `digest` (32 bytes). Never throws. */
export function verifySignature(key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  if (key.scheme === 'ed25519') return ed25519Verify(key.bytes, digest, signature)
  return verifyWebauthn(key.bytes, digest, signature)
}

/** Encodes an assertion as the signature of a `webauthn-es256` key. */
export function encodeWebauthnSignature(assertion: WebauthnSignature): Uint8Array {
  return encode(WebauthnSignature, assertion)
}

/**
 * Section 7.2, the steps that do not depend on a session: type, challenge, user present and verified, signature over
 * authenticatorData and the hash of clientDataJSON. The origin is not checked: the key is bound to its relying party
 * by the authenticator, and was enrolled as this patient's key.
 */
function verifyWebauthn(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  try {
    const assertion = decode(WebauthnSignature, signature)
    const clientData = JSON.parse(fromUtf8(assertion.clientDataJson)) as { type?: unknown; challenge?: unknown }
    if (clientData.type !== 'webauthn.get' || clientData.challenge !== toBase64url(digest)) return false
    const flags = assertion.authenticatorData[32] as number
    if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) return false
    const signed = concat(assertion.authenticatorData, sha256(assertion.clientDataJson))
    return p256Verify(publicKey, signed, assertion.signature)
  } catch {
    return false
  }
}

/** True when both are the same key. */
export function equalKeys(a: PublicKey, b: PublicKey): boolean {
  return a.scheme === b.scheme && equalBytes(a.bytes, b.bytes)
}

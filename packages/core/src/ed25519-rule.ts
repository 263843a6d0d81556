/**
 * The part of the Ed25519 rule that libraries disagree about, checked before any of them is asked, so that every node
 * and every browser accepts the same signatures (docs/spec/signatures.md):
 * the scalar S is below the group order (RFC 8032 section 5.1.7), and neither the public key A nor R is a point of
 * small order or has an encoding with y >= p. The equation is the one without cofactor.
 *
 * R matters too: OpenSSL 3.5 refuses the identity as R, where the equation alone would let it pass.
 */
import { fromHex, toHex } from './bytes.ts'

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** y coordinates, little-endian without the sign bit, of the eight points whose order divides 8. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** True when `publicKey` and `signature` have the one encoding that the rule allows. */
export function isStrictEd25519Input(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (!isCanonicalY(publicKey, 0) || !isCanonicalY(signature, 0)) return false
  if (!isBelowOrder(signature)) return false
  return !isSmallOrder(publicKey) && !isSmallOrder(signature)
}

/** y < p = 2^255 - 19, with the sign bit left out. */
function isCanonicalY(bytes: Uint8Array, at: number): boolean {
  if (((bytes[at + 31] as number) & 0x7f) !== 0x7f) return true
  for (let i = 30; i > 0; i--) if (bytes[at + i] !== 0xff) return true
  return (bytes[at] as number) < 0xed
}

function isBelowOrder(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (signature[32 + i] as number) - (ORDER[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Whether the point that the first 32 bytes encode has an order that divides 8. */
function isSmallOrder(bytes: Uint8Array): boolean {
  const first = bytes[0] as number
  // Only five values of y are refused, and each begins with one of these bytes: most points skip the look-up.
  if (first !== 0x01 && first !== 0x00 && first !== 0xec && first !== 0x26 && first !== 0xc7) return false
  const last = (bytes[31] as number) & 0x7f
  return SMALL_ORDER_Y.has(toHex(bytes.subarray(0, 31)) + last.toString(16).padStart(2, '0'))
}

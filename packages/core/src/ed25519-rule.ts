/**
 * The part of the Ed25519 rule that libraries disagree about, checked before any of them is asked, so that every node
 * and every browser accepts the same signatures (docs/spec/signatures.md):
 * the scalar S is below the group order (RFC 8032 section 5.1.7), the public key A is canonically encoded (y < p) and
 * is none of the points of small order, and R is canonically encoded. The equation is the one without cofactor.
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
  return !isSmallOrder(publicKey)
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

function isSmallOrder(publicKey: Uint8Array): boolean {
  const last = publicKey[31] as number
  const first = publicKey[0] as number
  // Only five values of y are refused, and each begins with one of these bytes: most keys skip the look-up.
  if (first !== 0x01 && first !== 0x00 && first !== 0xec && first !== 0x26 && first !== 0xc7) return false
  return SMALL_ORDER_Y.has(toHex(publicKey.subarray(0, 31)) + (last & 0x7f).toString(16).padStart(2, '0'))
}

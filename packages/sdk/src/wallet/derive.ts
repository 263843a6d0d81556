/**
 * Every key of a patient comes from the wallet's one secret (docs/spec/wallet.md):
 * key = SHA-256(tag ‖ 0x00 ‖ secret ‖ purpose ‖ 0x00 ‖ which). The secret has a fixed length and no purpose contains a
 * zero byte, so no two keys share a preimage.
 */
import { DOMAIN, domainHash, fromHex, utf8 } from '@salus/core'

/** Length in bytes of a wallet's secret and of every key derived from it. */
export const SECRET_BYTES = 32

/** The keys that are counted: `controller` signs for one consent, `consent-id` names it, `backup` encrypts documents. */
export type CountedPurpose = 'controller' | 'consent-id' | 'backup'

/** The key with this number: 32 bytes; the number stands there as 8 bytes, big-endian. */
export function deriveKey(secret: Uint8Array, purpose: CountedPurpose, index: number): Uint8Array {
  const which = new Uint8Array(8)
  new DataView(which.buffer).setBigUint64(0, BigInt(index))
  return derive(secret, purpose, which)
}

/**
 * The key that the patient shows at one custodian, named by its member id: 32 bytes. Each custodian sees another one,
 * so custodians cannot recognise each other's patients by it.
 */
export function deriveIdentity(secret: Uint8Array, memberId: string): Uint8Array {
  return derive(secret, 'identity', fromHex(memberId))
}

function derive(secret: Uint8Array, purpose: CountedPurpose | 'identity', which: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.derive, secret, utf8(`${purpose}\0`), which)
}

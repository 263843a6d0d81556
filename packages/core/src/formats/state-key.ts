/**
 * Keys and leaves of the ledger's state (docs/spec/state-tree.md). A key is the CBOR of contract, table and the key's
 * parts. A leaf's preimage is at least 65 bytes and an inner node's exactly 64, so neither can be taken for the other.
 */
import { type Cbor, encodeCbor } from '../cbor.ts'
import { sha256 } from '../hash.ts'

/** What the preimage of every state leaf begins with: ASCII, padded with zero bytes to 33 bytes. */
export const STATE_LEAF_TAG: Uint8Array = new Uint8Array(33)
STATE_LEAF_TAG.set(new TextEncoder().encode('salus/v1/state-leaf'))

/** The key of one row of one contract's table. */
export function stateKey(contract: string, table: string, key: readonly Cbor[]): Uint8Array {
  return encodeCbor([contract, table, ...key])
}

/** The hash of a state leaf: SHA-256 of the tag, the SHA-256 of the key (32 bytes), and the value. */
export function stateLeafHash(keyHash: Uint8Array, value: Uint8Array): Uint8Array {
  return sha256(STATE_LEAF_TAG, keyHash, value)
}

/** Keys of the ledger's state: CBOR of contract, table and the key's parts (docs/spec/state-tree.md). */
import { type Cbor, encodeCbor } from '../cbor.ts'

/** The key of one row of one contract's table. */
export function stateKey(contract: string, table: string, key: readonly Cbor[]): Uint8Array {
  return encodeCbor([contract, table, ...key])
}

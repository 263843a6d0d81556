/** What ties a ledger to its CometBFT network (docs/spec/genesis.md): names, addresses and bounds on both sides. */
import { toHex } from '../bytes.ts'
import { sha256 } from '../hash.ts'

/** Most validators of a ledger: each signs every block, and a checkpoint carries the signatures. */
export const VALIDATORS_MAX = 128
/** The voting power of each validator: members are equal. */
export const VALIDATOR_POWER = 10
/** Longest trusting period: 100 years, in milliseconds. */
export const TRUSTING_PERIOD_MS_MAX = 3_155_760_000_000
/** Leading hexadecimal digits of the ledger's id in the chain id, which may have 50 characters. */
const CHAIN_ID_HEX_DIGITS = 40

/** The chain id of a ledger's CometBFT network. */
export function chainIdOf(ledgerId: Uint8Array): string {
  return `salus-${toHex(ledgerId).slice(0, CHAIN_ID_HEX_DIGITS)}`
}

/** The address of an Ed25519 key in CometBFT, 20 bytes: of a validator in blocks, of a node among its peers. */
export function cometAddress(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).subarray(0, 20)
}

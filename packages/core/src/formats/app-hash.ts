/** The hash by which consensus compares replicas, and by which a header of CometBFT states a checkpoint. */
import { DOMAIN, domainHash } from '../hash.ts'
import type { Checkpoint } from './checkpoint.ts'

/**
 * The app hash of what a ledger is at one height (docs/spec/log.md): 32 bytes. It holds neither height nor time, so
 * that a ledger without transactions does not change.
 */
export function appHash({
  logSize,
  logRoot,
  stateRoot,
  protocol,
}: Pick<Checkpoint, 'logSize' | 'logRoot' | 'stateRoot' | 'protocol'>): Uint8Array {
  const numbers = new Uint8Array(16)
  const view = new DataView(numbers.buffer)
  view.setBigUint64(0, BigInt(logSize))
  view.setBigUint64(8, BigInt(protocol))
  return domainHash(DOMAIN.appHash, numbers, logRoot, stateRoot)
}

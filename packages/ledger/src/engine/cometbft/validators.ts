/**
 * Who validates: the row `membership/validators`, which the contract keeps, or the genesis file where a ledger's rules
 * keep no such row. What a block changes, CometBFT is told with the block's results; it takes effect two heights later.
 */
import { validators } from '@salus/contracts'
import { compareBytes, equalBytes, type Genesis, SalusError, VALIDATOR_POWER } from '@salus/core'
import type { ValidatorUpdate } from 'cosmjs-types/tendermint/abci/types'

interface ReadableState {
  get(key: Uint8Array): Uint8Array | undefined
}

/** The engine of a genesis file that names validators. @throws SalusError `engine-mismatch` */
export function networkOf({ engine }: Genesis): Extract<Genesis['engine'], { kind: 'cometbft' }> {
  if (engine.kind === 'cometbft') return engine
  throw new SalusError('engine-mismatch', 'the genesis file names another engine', { kind: engine.kind })
}

/** The consensus keys (Ed25519, 32 bytes each) of the validators in the committed state. */
export function consensusKeys(state: ReadableState, genesis: Genesis): readonly Uint8Array[] {
  return keysOf(state.get(validators.key()), genesis)
}

/** What a block changes that found the keys `before` and wrote what `written` tells. */
export function validatorUpdates(
  before: readonly Uint8Array[],
  written: (key: Uint8Array) => Uint8Array | null | undefined,
  genesis: Genesis,
): ValidatorUpdate[] {
  const row = written(validators.key())
  if (row === undefined) return []
  const after = keysOf(row ?? undefined, genesis)
  const has = (keys: readonly Uint8Array[], key: Uint8Array): boolean => keys.some((each) => equalBytes(each, key))
  const joined = after.filter((key) => !has(before, key)).map((key) => update(key, VALIDATOR_POWER))
  const left = before.filter((key) => !has(after, key)).map((key) => update(key, 0))
  return [...joined, ...left]
}

function update(publicKey: Uint8Array, power: number): ValidatorUpdate {
  return { pubKey: { ed25519: publicKey }, power: BigInt(power) }
}

/** Sorted, so that every replica names the same changes in the same order. */
function keysOf(row: Uint8Array | undefined, genesis: Genesis): readonly Uint8Array[] {
  const listed = row === undefined ? networkOf(genesis).validators : validators.parse(row)
  return listed.map(({ publicKey }) => publicKey).sort(compareBytes)
}

/** A signer of headers and commits as CometBFT makes them, for networks whose members have any keys and any powers. */
import {
  appHash,
  type Checkpoint,
  type CometHeader,
  type CometValidator,
  type CommitHop,
  chainIdOf,
  cometAddress,
  commitCheckpoint,
  ed25519PublicKey,
  ed25519Sign,
  type Genesis,
  sha256,
  toHex,
  utf8,
  VALIDATOR_POWER,
} from '@salus/core'
import { headerHash, precommitBytes, sortValidators, validatorsHash } from '../src/index.ts'

const seeds = new Map<string, Uint8Array>()

/** The consensus key of a name. */
export function consensusKey(name: string): Uint8Array {
  const seed = sha256(utf8(`consensus ${name}`))
  const publicKey = ed25519PublicKey(seed)
  seeds.set(toHex(publicKey), seed)
  return publicKey
}

/** The validators of these names, in CometBFT's order. */
export function validatorsOf(names: readonly string[], power: number = VALIDATOR_POWER): readonly CometValidator[] {
  return sortValidators(names.map((name) => ({ publicKey: consensusKey(name), power })))
}

export interface BlockSpec {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
  readonly validators: readonly CometValidator[]
  /** Those of the next block, where they are others. */
  readonly next?: readonly CometValidator[]
  /** Who signs; all where it is left out. */
  readonly signers?: readonly string[]
  readonly appHash?: Uint8Array
  readonly parent?: CometHeader | null
}

export function headerOf(spec: BlockSpec): CometHeader {
  const { chainId, height, timeMs, validators, next = validators, parent } = spec
  const nothing = new Uint8Array(0)
  return {
    version: { block: 11, app: 1 },
    chain_id: chainId,
    height,
    time: { seconds: Math.floor(timeMs / 1000), nanos: (timeMs % 1000) * 1_000_000 + (height === 1 ? 0 : 789) },
    last_block_id: parent
      ? { hash: headerHash(parent), parts: { total: 1, hash: sha256(utf8(`parts ${parent.height}`)) } }
      : { hash: nothing, parts: { total: 0, hash: nothing } },
    last_commit_hash: sha256(utf8(`commit ${height - 1}`)),
    data_hash: sha256(utf8(`data ${height}`)),
    validators_hash: validatorsHash(validators),
    next_validators_hash: validatorsHash(next),
    consensus_hash: sha256(utf8('parameters')),
    app_hash: spec.appHash ?? sha256(utf8(`app ${height}`)),
    last_results_hash: sha256(),
    evidence_hash: sha256(),
    proposer_address: cometAddress((validators[0] as CometValidator).publicKey),
  }
}

/** The header with the precommits of the validators, or of the `signers` among them. */
export function sign(
  header: CometHeader,
  validators: readonly CometValidator[],
  signers?: readonly string[],
): CommitHop {
  const id = { hash: headerHash(header), parts: { total: 1, hash: sha256(utf8(`parts ${header.height}`)) } }
  const signing = signers && new Set(signers.map((name) => toHex(consensusKey(name))))
  const signatures = validators.map(({ publicKey }, i) => {
    const key = toHex(publicKey)
    if (signing && !signing.has(key)) return null
    const time = { seconds: header.time.seconds + 1, nanos: i }
    return { time, signature: ed25519Sign(seeds.get(key) as Uint8Array, precommitBytes(header, 1, id, time)) }
  })
  return { header, commit: { round: 1, parts: id.parts, signatures }, validators }
}

export function hopOf(spec: BlockSpec): CommitHop {
  return sign(headerOf(spec), spec.validators, spec.signers)
}

/** The last block of a checkpoint's evidence, and the header before it; `change` replaces parts of the last block. */
export function lastBlocks(
  genesis: Pick<Genesis, 'ledgerId'>,
  checkpoint: Checkpoint,
  validators: readonly CometValidator[],
  change: Partial<BlockSpec> = {},
): { readonly previous: CometHeader | null; readonly last: CommitHop } {
  const { height, timeMs } = checkpoint
  const chainId = chainIdOf(genesis.ledgerId)
  const previous = height === 0 ? null : headerOf({ chainId, height, timeMs, validators })
  const after = { chainId, height: height + 1, timeMs: height === 0 ? timeMs : timeMs + 250 }
  return {
    previous,
    last: hopOf({ ...after, validators, appHash: appHash(checkpoint), parent: previous, ...change }),
  }
}

/** The checkpoint as a note of a network whose validators all signed, after the `hops` that lead there. */
export function commitNote(
  genesis: Pick<Genesis, 'ledgerId'>,
  checkpoint: Checkpoint,
  validators: readonly CometValidator[],
  { hops = [], ...change }: Partial<BlockSpec> & { readonly hops?: readonly CommitHop[] } = {},
): string {
  const { previous, last } = lastBlocks(genesis, checkpoint, validators, change)
  return commitCheckpoint(checkpoint, { previous, hops: [...hops, last] })
}

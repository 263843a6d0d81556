/**
 * What a verifier needs to see that a CometBFT network agreed on a checkpoint (docs/spec/checkpoint.md). Names are
 * those of CometBFT's headers and commits. What follows from other fields is left out, so that no byte is without
 * meaning: the block id of a commit has the hash of its header, and its signatures stand in the order of the
 * validators, whose addresses follow from their keys.
 */
import { array, bytes, decode, encode, type Infer, nullable, struct, text, uint } from '../schema.ts'
import { VALIDATORS_MAX } from './cometbft.ts'

/** Most headers between the genesis file and a checkpoint. */
export const HOPS_MAX = 64
/** Highest power of one validator: sums over all validators, and three times them, stay exact. */
const POWER_MAX = 0xff_ffff_ffff
/** 9999-12-31T23:59:59Z, the last second that a protobuf timestamp can hold. */
const SECONDS_MAX = 253_402_300_799

/** A hash that CometBFT leaves empty where there is nothing to hash. */
const Hash = bytes(0, 32)

/** Time since 1970. */
export const CometTime = struct({ seconds: uint(SECONDS_MAX), nanos: uint(999_999_999) })
export type CometTime = Infer<typeof CometTime>

export const PartSetHeader = struct({ total: uint(0xffff_ffff), hash: Hash })
export type PartSetHeader = Infer<typeof PartSetHeader>

export const BlockId = struct({ hash: Hash, parts: PartSetHeader })
export type BlockId = Infer<typeof BlockId>

/** All that the hash of a block covers. */
export const CometHeader = struct({
  version: struct({ block: uint(), app: uint() }),
  chain_id: text(50),
  height: uint(),
  time: CometTime,
  last_block_id: BlockId,
  last_commit_hash: Hash,
  data_hash: Hash,
  validators_hash: Hash,
  next_validators_hash: Hash,
  consensus_hash: Hash,
  app_hash: Hash,
  last_results_hash: Hash,
  evidence_hash: Hash,
  proposer_address: bytes(20),
})
export type CometHeader = Infer<typeof CometHeader>

/**
 * The precommits for a block. `parts` is that of its block id. `signatures` has one item for each validator of the
 * block in their order: null for who did not sign, signed for no block, or by a signature that docs/spec/signatures.md
 * does not allow; so whoever makes the evidence checks each signature by that rule.
 */
export const CometCommit = struct({
  round: uint(0x7fff_ffff),
  parts: PartSetHeader,
  signatures: array(nullable(struct({ time: CometTime, signature: bytes(64) })), 1, VALIDATORS_MAX),
})
export type CometCommit = Infer<typeof CometCommit>

export const CometValidator = struct({ publicKey: bytes(32), power: uint(POWER_MAX) })
export type CometValidator = Infer<typeof CometValidator>

/** A header with its validators, by falling power and then rising address, and their commit. */
export const CommitHop = struct({
  header: CometHeader,
  commit: CometCommit,
  validators: array(CometValidator, 1, VALIDATORS_MAX),
})
export type CommitHop = Infer<typeof CommitHop>

/**
 * The evidence of a checkpoint of height H: the header of H, and headers by which trust goes from the genesis file to
 * that of H + 1, the last one, which states the app hash of H. `previous` is null for H = 0, which has no header.
 */
export const CommitEvidence = struct({
  previous: nullable(CometHeader),
  hops: array(CommitHop, 1, HOPS_MAX),
})
export type CommitEvidence = Infer<typeof CommitEvidence>

/** The bytes of the evidence, as a note carries them. */
export function encodeCommitEvidence(evidence: CommitEvidence): Uint8Array {
  return encode(CommitEvidence, evidence)
}

/** @throws SalusError `cbor-malformed`, `cbor-too-deep`, `schema-mismatch` */
export function decodeCommitEvidence(content: Uint8Array): CommitEvidence {
  return decode(CommitEvidence, content)
}

/** The block time of the ledger, in milliseconds since 1970: what is below a millisecond is cut off. */
export function cometTimeMs({ seconds, nanos }: CometTime): number {
  return seconds * 1000 + Number(String(nanos).padStart(9, '0').slice(0, 3))
}

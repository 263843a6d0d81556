/**
 * What CometBFT 0.38 and 0.39 hash and sign (CometBFT specification, "Data Structures" and "Encoding"): the hash of a
 * header, the hash of a validator set, and the bytes of a precommit. Merkle trees are those of RFC 9162.
 */
import {
  type BlockId,
  type CometHeader,
  type CometTime,
  type CometValidator,
  cometAddress,
  compareBytes,
  concat,
  type PartSetHeader,
  utf8,
} from '@salus/core'
import { merkleRoot } from '../merkle.ts'
import { bytesField, messageField, sfixed64Field, uintField, varint } from './protobuf.ts'

/** `SIGNED_MSG_TYPE_PRECOMMIT` */
const PRECOMMIT = 2

/** The hash of a block, 32 bytes: the root over its header's 14 fields, each encoded on its own. */
export function headerHash(header: CometHeader): Uint8Array {
  return merkleRoot([
    concat(uintField(1, header.version.block), uintField(2, header.version.app)),
    bytesField(1, utf8(header.chain_id)),
    uintField(1, header.height),
    encodeTime(header.time),
    concat(bytesField(1, header.last_block_id.hash), messageField(2, encodeParts(header.last_block_id.parts))),
    // The rest as protobuf's BytesValue, which leaves nothing of empty bytes.
    ...[
      header.last_commit_hash,
      header.data_hash,
      header.validators_hash,
      header.next_validators_hash,
      header.consensus_hash,
      header.app_hash,
      header.last_results_hash,
      header.evidence_hash,
      header.proposer_address,
    ].map((hash) => bytesField(1, hash)),
  ])
}

/** The hash of a validator set, 32 bytes: the root over key and power of each, in the order given. */
export function validatorsHash(validators: readonly CometValidator[]): Uint8Array {
  return merkleRoot(
    validators.map(({ publicKey, power }) => concat(messageField(1, bytesField(1, publicKey)), uintField(2, power))),
  )
}

/** The validators in the order in which CometBFT keeps them: by falling power, then by rising address. */
export function sortValidators(validators: readonly CometValidator[]): readonly CometValidator[] {
  return validators
    .map((validator) => ({ validator, address: cometAddress(validator.publicKey) }))
    .sort((a, b) => b.validator.power - a.validator.power || compareBytes(a.address, b.address))
    .map(({ validator }) => validator)
}

/** What a validator signs to commit to the block `id`: the length and bytes of a `CanonicalVote`. */
export function precommitBytes(
  { chain_id, height }: Pick<CometHeader, 'chain_id' | 'height'>,
  round: number,
  id: BlockId,
  time: CometTime,
): Uint8Array {
  const vote = concat(
    uintField(1, PRECOMMIT),
    sfixed64Field(2, height),
    sfixed64Field(3, round),
    messageField(4, concat(bytesField(1, id.hash), messageField(2, encodeParts(id.parts)))),
    messageField(5, encodeTime(time)),
    bytesField(6, utf8(chain_id)),
  )
  return concat(varint(vote.length), vote)
}

function encodeTime({ seconds, nanos }: CometTime): Uint8Array {
  return concat(uintField(1, seconds), uintField(2, nanos))
}

function encodeParts({ total, hash }: PartSetHeader): Uint8Array {
  return concat(uintField(1, total), bytesField(2, hash))
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cometAddress, ed25519Verify, fromHex, toHex, utf8 } from '@salus/core'
import { realNetwork } from '../../test/comet-vectors.ts'
import { headerHash, precommitBytes, sortValidators, validatorsHash } from './encoding.ts'
import { bytesField, messageField, sfixed64Field, uintField, varint } from './protobuf.ts'

const networks = [realNetwork('one-validator'), realNetwork('four-validators')]
const blocks = networks.flatMap((network) => network.blocks)

test('a header has the hash that CometBFT gives it', () => {
  for (const { hop, blockId } of blocks) assert.equal(toHex(headerHash(hop.header)), toHex(blockId.hash))
})

test('validators have the hash, the order and the addresses that CometBFT gives them', () => {
  for (const { hop, addresses } of blocks) {
    assert.equal(toHex(validatorsHash(hop.validators)), toHex(hop.header.validators_hash))
    assert.deepEqual(sortValidators(hop.validators.toReversed()), hop.validators)
    assert.deepEqual(
      hop.validators.map(({ publicKey }) => cometAddress(publicKey)),
      addresses,
    )
  }
})

test('the precommits that CometBFT made hold over what is rebuilt here', () => {
  let held = 0
  for (const { hop, blockId } of blocks) {
    const { header, commit, validators } = hop
    for (const [i, given] of commit.signatures.entries()) {
      if (given === null) continue
      const { publicKey } = validators[i] as (typeof validators)[number]
      assert.ok(ed25519Verify(publicKey, precommitBytes(header, commit.round, blockId, given.time), given.signature))
      held++
    }
  }
  assert.ok(held > blocks.length)
})

test('the vectors hold changed validators, unequal powers and an absent signature', () => {
  const sets = new Set(blocks.map(({ hop }) => toHex(hop.header.validators_hash)))
  assert.ok(sets.size >= 4)
  assert.ok(blocks.some(({ hop }) => hop.commit.signatures.includes(null)))
  assert.ok(blocks.some(({ hop }) => new Set(hop.validators.map(({ power }) => power)).size > 1))
})

test('protobuf as its encoding guide writes it', () => {
  const examples: readonly (readonly [Uint8Array, string])[] = [
    [varint(0), '00'],
    [varint(150), '9601'],
    [varint(Number.MAX_SAFE_INTEGER), 'ffffffffffffff0f'],
    [uintField(1, 150), '089601'],
    [uintField(1, 0), ''],
    [bytesField(2, utf8('testing')), '120774657374696e67'],
    [bytesField(2, utf8('')), ''],
    [messageField(2, utf8('')), '1200'],
    [sfixed64Field(2, 258), '110201000000000000'],
    [sfixed64Field(3, 0), ''],
  ]
  for (const [encoded, hex] of examples) assert.deepEqual(encoded, fromHex(hex))
})

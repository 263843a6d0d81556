/**
 * Proofs of the authenticated state, a binary compact sparse Merkle tree over SHA-256 of the keys
 * (docs/spec/state-tree.md). The walk goes from the leaf, or the empty place, up to the root; the bits of the key's
 * hash, most significant first from the root, say on which side each sibling stands.
 */
import {
  type Checkpoint,
  equalBytes,
  type Genesis,
  HASH_BYTES,
  SalusError,
  sha256,
  stateLeafHash,
  toHex,
} from '@salus/core'
import { openCheckpoint } from './checkpoint.ts'
import type { StateProof } from './evidence.ts'

/** Most steps between a leaf and the root: the bits of a key's hash. */
export const STATE_DEPTH_MAX = 256

const EMPTY = new Uint8Array(HASH_BYTES)

/**
 * Checks `proof` against the state root `root`.
 * @throws SalusError `state-proof-malformed`, `state-proof-root`
 */
export function verifyState(proof: StateProof, root: Uint8Array): void {
  checkForm(proof)
  const keyHash = sha256(proof.key)
  let hash = standing(proof, keyHash)
  let next = 0
  for (let step = 0; step < proof.depth; step++) {
    const sibling = bit(proof.bitmap, step) ? (proof.siblings[next++] as Uint8Array) : EMPTY
    hash = bit(keyHash, proof.depth - 1 - step) ? sha256(sibling, hash) : sha256(hash, sibling)
  }
  if (!equalBytes(hash, root)) {
    throw new SalusError('state-proof-root', 'the proof leads to another state root', {
      key: toHex(proof.key),
      computed: toHex(hash),
      root: toHex(root),
    })
  }
}

/**
 * Checks `proof` under its own checkpoint, which it returns.
 * @throws SalusError as `verifyState` and `openCheckpoint`
 */
export function verifyStateProof(proof: StateProof, genesis: Genesis): Checkpoint {
  const checkpoint = openCheckpoint(proof.checkpoint, genesis)
  verifyState(proof, checkpoint.stateRoot)
  return checkpoint
}

/** What stands in the key's place: its own leaf, another leaf, or nothing. */
function standing(proof: StateProof, keyHash: Uint8Array): Uint8Array {
  const { value, other, depth } = proof
  if (value) return stateLeafHash(keyHash, value)
  if (!other) return EMPTY
  if (equalBytes(other.keyHash, keyHash)) throw malformed('the other leaf is the key itself')
  for (let i = 0; i < depth; i++) {
    if (bit(other.keyHash, i) !== bit(keyHash, i)) throw malformed('the other leaf stands in another place')
  }
  return stateLeafHash(other.keyHash, other.value)
}

/** One spelling for each proof: exact lengths, no bits beyond the depth, no empty sibling written out. */
function checkForm({ value, other, depth, bitmap, siblings }: StateProof): void {
  if (!Number.isSafeInteger(depth) || depth < 0 || depth > STATE_DEPTH_MAX) throw malformed('its depth')
  if (bitmap.length !== Math.ceil(depth / 8)) throw malformed('the length of its bitmap')
  if (value && other) throw malformed('it claims presence and absence')
  if (other && other.keyHash.length !== HASH_BYTES) throw malformed('the length of a hash')
  let given = 0
  for (let i = 0; i < bitmap.length * 8; i++) {
    if (!bit(bitmap, i)) continue
    if (i >= depth) throw malformed('its bitmap goes beyond its depth')
    given++
  }
  if (given !== siblings.length) throw malformed('the number of its siblings')
  if (siblings.some((sibling) => sibling.length !== HASH_BYTES || equalBytes(sibling, EMPTY))) {
    throw malformed('a sibling is empty or has another length')
  }
}

function bit(bytes: Uint8Array, index: number): boolean {
  return (((bytes[index >>> 3] as number) >>> (7 - (index & 7))) & 1) === 1
}

function malformed(why: string): SalusError {
  return new SalusError('state-proof-malformed', `the state proof is malformed: ${why}`)
}

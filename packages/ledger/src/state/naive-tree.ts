/** The state tree straight from its definition (docs/spec/state-tree.md), for tests to compare with. */
import { concat, sha256, stateLeafHash } from '@salus/core'

export interface NaiveLeaf {
  readonly keyHash: Uint8Array
  readonly value: Uint8Array
}

/** The root over leaves in any order. */
export function naiveRoot(leaves: readonly NaiveLeaf[], depth = 0): Uint8Array {
  const [only] = leaves
  if (only === undefined) return new Uint8Array(32)
  if (leaves.length === 1) return stateLeafHash(only.keyHash, only.value)
  const side = (leaf: NaiveLeaf): number => ((leaf.keyHash[depth >> 3] as number) >> (7 - (depth & 7))) & 1
  const left = leaves.filter((leaf) => side(leaf) === 0)
  const right = leaves.filter((leaf) => side(leaf) === 1)
  return sha256(concat(naiveRoot(left, depth + 1), naiveRoot(right, depth + 1)))
}

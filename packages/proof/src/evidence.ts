/** The evidence that verifiers check, as the ledger makes it. Formats: docs/spec/proof.md. */

export type { Checkpoint } from '@salus/core'

/** Inclusion of one log entry: its bytes, its index, and the RFC 9162 audit path to the checkpoint's log root. */
export interface LogProof {
  readonly entry: Uint8Array
  readonly index: number
  readonly path: readonly Uint8Array[]
  readonly checkpoint: string
}

/**
 * Presence or absence of one state key (docs/spec/state-tree.md). `siblings` run from the leaf up and leave out the
 * empty ones, which `bitmap` marks (bit i set: the sibling at step i is given; most significant bit of the first byte
 * is step 0, the step nearest the leaf); `depth` is the number of steps. `value` is null for absence; then `other` is
 * the leaf that stands in the key's place, or null when the place is empty.
 */
export interface StateProof {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly other: { readonly keyHash: Uint8Array; readonly value: Uint8Array } | null
  readonly depth: number
  readonly bitmap: Uint8Array
  readonly siblings: readonly Uint8Array[]
  readonly checkpoint: string
}

/**
 * "Whoever signs this ledger's checkpoints signed two that cannot both be true" (docs/spec/proof.md). One ledger has
 * one history: each height one checkpoint, each log size one root, and a later log begins with the earlier one.
 */
import { type Checkpoint, equalBytes, HASH_BYTES, json, SalusError, type ShapeOf, toHex } from '@salus/core'
import { openBareCheckpoint } from '../checkpoint.ts'
import { type CheckpointClaim, describeCheckpoint } from '../claim.ts'
import { verifyConsistency } from '../merkle.ts'
import { AuditPath, FORMAT, Note } from '../shapes.ts'
import type { Kind } from './kind.ts'

/**
 * `prefix` is given when the checkpoints alone do not contradict each other: the root that the log of `second` had at
 * the size of `first`, which is another than that of `first`, and the consistency path between both sizes.
 */
const shape = json.object({
  format: FORMAT,
  kind: json.literal('fork'),
  first: Note,
  second: Note,
  prefix: json.nullable(json.object({ root: json.hex(HASH_BYTES), path: AuditPath })),
})
export type ForkProof = ShapeOf<typeof shape>

/**
 * What two checkpoints contradict each other in: `height` (one height, two states of the ledger), `log-size` (one log
 * size, two roots), `order` (the higher one has the smaller log or the earlier time), `history` (the larger log does
 * not begin with the smaller one).
 */
export type Contradiction = 'height' | 'log-size' | 'order' | 'history'

export interface ForkClaim {
  readonly kind: 'fork'
  readonly contradiction: Contradiction
  readonly first: CheckpointClaim
  readonly second: CheckpointClaim
  readonly ledger: string
  readonly height: number
}

export const fork: Kind<ForkProof, ForkClaim> = {
  shape,
  verify({ first: firstNote, second: secondNote, prefix }, genesis) {
    const first = openBareCheckpoint(firstNote, genesis)
    const second = openBareCheckpoint(secondNote, genesis)
    const contradiction = prefix ? historyContradiction(first, second, prefix) : contradictionOf(first, second)
    if (contradiction === null) {
      throw new SalusError('fork-unfounded', 'both checkpoints can be of one ledger', {
        first: first.height,
        second: second.height,
      })
    }
    const claim: ForkClaim = {
      kind: 'fork',
      contradiction,
      first: describeCheckpoint(first),
      second: describeCheckpoint(second),
      ledger: toHex(genesis.ledgerId),
      height: second.height,
    }
    return { claim, checkpoint: second }
  },
}

/** What two checkpoints of one ledger contradict each other in, seen from them alone; null when nothing. */
export function contradictionOf(a: Checkpoint, b: Checkpoint): Contradiction | null {
  if (a.height === b.height) return isSameBlock(a, b) ? null : 'height'
  if (a.logSize === b.logSize && !isSameLedger(a, b)) return 'log-size'
  const [lower, higher] = a.height < b.height ? [a, b] : [b, a]
  return lower.logSize > higher.logSize || lower.timeMs > higher.timeMs ? 'order' : null
}

/** State changes by what is logged alone, so logs of one size have one log root and one state root. */
function isSameLedger(a: Checkpoint, b: Checkpoint): boolean {
  return equalBytes(a.logRoot, b.logRoot) && equalBytes(a.stateRoot, b.stateRoot)
}

function isSameBlock(a: Checkpoint, b: Checkpoint): boolean {
  return a.logSize === b.logSize && a.timeMs === b.timeMs && a.protocol === b.protocol && isSameLedger(a, b)
}

/** @throws SalusError `merkle-consistency` */
function historyContradiction(
  first: Checkpoint,
  second: Checkpoint,
  { root, path }: NonNullable<ForkProof['prefix']>,
): Contradiction | null {
  verifyConsistency(first.logSize, root, second.logSize, second.logRoot, path)
  return equalBytes(root, first.logRoot) ? null : 'history'
}

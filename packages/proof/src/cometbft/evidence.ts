/** The evidence by which a checkpoint of a CometBFT network is accepted (docs/spec/checkpoint.md). */
import {
  appHash,
  type Checkpoint,
  type CometHeader,
  type CommitEvidence,
  type CommitHop,
  cometTimeMs,
  decodeCommitEvidence,
  equalBytes,
  type Genesis,
  SalusError,
  toHex,
} from '@salus/core'
import { headerHash } from './encoding.ts'
import { followHop, genesisTrust, type Trust } from './trust.ts'

/**
 * Checks that the validators committed to `checkpoint`, from those of `genesis` on. With `nowMs` it also asks that the
 * validators of the genesis file are still within the trusting period at that time.
 * @throws SalusError `checkpoint-commit-*`, with the evidence in its details
 */
export function verifyCommitEvidence(
  content: Uint8Array,
  checkpoint: Checkpoint,
  genesis: Genesis,
  engine: Extract<Genesis['engine'], { kind: 'cometbft' }>,
  nowMs: number | undefined,
): void {
  const { previous, hops } = decodeEvidence(content)
  const root = genesisTrust(genesis, engine)
  if (nowMs !== undefined && nowMs - genesis.timeMs >= engine.trustingPeriodMs) {
    throw new SalusError('checkpoint-commit-expired', 'the trust in the genesis file has expired', {
      nowMs,
      trustedMs: genesis.timeMs,
      trustingPeriodMs: engine.trustingPeriodMs,
    })
  }
  const { header } = hops.at(-1) as CommitHop
  checkStated(checkpoint, header, blockTimeMs(previous, header, genesis.timeMs))
  hops.reduce<Trust>(followHop, root)
}

function decodeEvidence(content: Uint8Array): CommitEvidence {
  try {
    return decodeCommitEvidence(content)
  } catch (cause) {
    throw new SalusError('checkpoint-commit-malformed', 'the evidence of the commit is malformed', {}, cause)
  }
}

/** The time of the block before `header`, which is `previous`; that of the genesis file before the first one. */
function blockTimeMs(previous: CometHeader | null, header: CometHeader, genesisTimeMs: number): number {
  if (previous === null && header.height === 1) return genesisTimeMs
  const hash = previous && headerHash(previous)
  const isParent =
    previous !== null &&
    hash !== null &&
    previous.height === header.height - 1 &&
    equalBytes(hash, header.last_block_id.hash)
  if (!isParent) {
    throw new SalusError('checkpoint-commit-previous', 'the header before the last one is another block', {
      height: header.height,
      expected: toHex(header.last_block_id.hash),
      found: hash && toHex(hash),
    })
  }
  return cometTimeMs(previous.time)
}

/** What the text of the checkpoint says is what the header says of the block before it. */
function checkStated(checkpoint: Checkpoint, header: CometHeader, timeMs: number): void {
  const hash = appHash(checkpoint)
  const isStated =
    checkpoint.height === header.height - 1 && checkpoint.timeMs === timeMs && equalBytes(hash, header.app_hash)
  if (!isStated) {
    throw new SalusError('checkpoint-commit-text', 'the validators committed to another checkpoint', {
      height: header.height - 1,
      timeMs,
      expected: toHex(header.app_hash),
      found: toHex(hash),
    })
  }
}

/**
 * What a witness does: it keeps the last checkpoint that it saw, and accepts another one only when the log of the new
 * one begins with the log of the old one, which the tiles show. Two checkpoints that cannot both be true are evidence
 * against whoever signed them, in a proof file that anybody can check (docs/spec/proof.md, `fork`).
 */
import { type Checkpoint, equalBytes, type Genesis, isSalusError, SalusError } from '@salus/core'
import {
  contradictionOf,
  type ForkProof,
  openCheckpoint,
  verifyConsistency,
  withoutWitnesses,
  writeProofFile,
} from '@salus/proof'
import type { PublishedLog } from './published-log.ts'

/** `advanced` is a later checkpoint than the one of the witness's view, `same` that one, `first` its first. */
export interface Followed {
  readonly outcome: 'first' | 'same' | 'advanced'
  /** The checkpoint with the ledger's signature alone. */
  readonly note: string
  readonly checkpoint: Checkpoint
}

/** The text of the proof file that shows the fork. */
export interface Forked {
  readonly outcome: 'forked'
  readonly proof: string
  readonly seen: Checkpoint
  readonly offered: Checkpoint
}

/**
 * Reads the latest checkpoint of `log` and holds it against `view`, the note of the last one seen (null at first).
 * @throws SalusError `checkpoint-older` when the node offers an earlier checkpoint than the view; `tile-mismatch` when
 *   its tiles do not give the root that it signed; and those of opening a checkpoint and of reading
 */
export async function follow(view: string | null, log: PublishedLog, genesis: Genesis): Promise<Followed | Forked> {
  const note = withoutWitnesses(await log.checkpoint(), genesis)
  const checkpoint = openCheckpoint(note, genesis)
  const { logSize, logRoot } = checkpoint
  if (view === null) {
    if (!equalBytes(await log.root(logSize, logSize), logRoot)) throw tileMismatch(logSize)
    return { outcome: 'first', note, checkpoint }
  }
  const seen = openCheckpoint(view, genesis)
  const forkOf = (prefix: ForkProof['prefix']): Forked => {
    const first = withoutWitnesses(view, genesis)
    const file: ForkProof = { format: 'salus-proof/1', kind: 'fork', first, second: note, prefix }
    return { outcome: 'forked', proof: writeProofFile(file), seen, offered: checkpoint }
  }
  if (contradictionOf(seen, checkpoint) !== null) return forkOf(null)
  if (checkpoint.height < seen.height) {
    throw new SalusError('checkpoint-older', 'the node offers an earlier checkpoint than the one already seen', {
      seen: seen.height,
      offered: checkpoint.height,
    })
  }
  const prefix = await differingPrefix(seen, checkpoint, log)
  if (prefix) return forkOf(prefix)
  return { outcome: checkpoint.height === seen.height ? 'same' : 'advanced', note, checkpoint }
}

/** What the later log has in place of the earlier one; null when it begins with it. */
async function differingPrefix(seen: Checkpoint, later: Checkpoint, log: PublishedLog): Promise<ForkProof['prefix']> {
  const path = await log.consistencyPath(seen.logSize, later.logSize)
  if (isConsistent(seen.logSize, seen.logRoot, later, path)) return null
  const root = await log.root(seen.logSize, later.logSize)
  if (!isConsistent(seen.logSize, root, later, path)) throw tileMismatch(later.logSize)
  return { root, path }
}

function isConsistent(size: number, root: Uint8Array, later: Checkpoint, path: readonly Uint8Array[]): boolean {
  try {
    verifyConsistency(size, root, later.logSize, later.logRoot, path)
    return true
  } catch (error) {
    if (isSalusError(error, 'merkle-consistency')) return false
    throw error
  }
}

function tileMismatch(logSize: number): SalusError {
  return new SalusError('tile-mismatch', 'the tiles of the log do not give the root that was signed', { logSize })
}

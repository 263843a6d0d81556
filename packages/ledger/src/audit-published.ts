/**
 * Audits a ledger from the log that a node publishes: every transaction is executed again, in the blocks that the
 * entries name, and the log root and state root that come out must be those of the signed checkpoint. Blocks without
 * transactions change neither and leave no trace in the log.
 */
import { type Checkpoint, decode, isSalusError, LogEntry, readGenesis } from '@salus/core'
import { openCheckpoint } from '@salus/proof'
import { type AuditReport, Diverged, type Divergence, expect, type LoggedBlock, Replay } from './audit.ts'
import { splitEntries } from './log/entry-bundle.ts'
import { formatTilePath, TILE_WIDTH } from './log/tile-path.ts'
import type { Rules } from './rules.ts'

/** A ledger as a node publishes it (docs/spec/log.md). */
export interface PublishedLedger {
  /** The signed note of the latest checkpoint. */
  readonly checkpoint: () => Promise<string>
  /** A tlog-tiles resource by its path below `tile/`. */
  readonly resource: (path: string) => Promise<Uint8Array>
}

/** Called after each bundle of entries, with the number of bundles that there are in all. */
export type OnProgress = (bundles: number) => void

/**
 * Audits up to the checkpoint that the node shows now. The report's height is that of the last transaction's block.
 * @throws SalusError `genesis-malformed`, those of opening a checkpoint, and what `published` throws
 */
export async function auditPublishedWithRules(
  published: PublishedLedger,
  genesis: string,
  rules: Rules,
  onProgress: OnProgress,
): Promise<AuditReport> {
  const audited = readGenesis(genesis)
  const checkpoint = openCheckpoint(await published.checkpoint(), audited)
  const replay = new Replay(rules, audited)
  let divergence: Divergence | null = null
  try {
    replay.apply({ height: 0, timeMs: audited.timeMs, entries: [], recorded: null })
    for await (const block of blocksOf(published, checkpoint.logSize, onProgress)) replay.apply(block)
    compare(replay, checkpoint)
  } catch (error) {
    if (!(error instanceof Diverged)) throw error
    divergence = error.divergence
  } finally {
    replay.close()
  }
  return { ...replay.report(), divergence }
}

/** @throws Diverged */
function compare(replay: Replay, checkpoint: Checkpoint): void {
  const { height } = checkpoint
  const isAfter = (replay.height ?? 0) <= height
  expect(height, 'sequence', null, 'entries up to this height', isAfter ? 'entries up to this height' : 'later ones')
  replay.compare(height, checkpoint)
}

/** The blocks of the first `total` entries: entries of one height that follow each other. @throws Diverged */
async function* blocksOf(
  published: PublishedLedger,
  total: number,
  onProgress: OnProgress,
): AsyncGenerator<LoggedBlock> {
  let place: Pick<LogEntry, 'height' | 'timeMs'> | null = null
  let entries: Uint8Array[] = []
  for (let from = 0; from < total; from += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, total - from)
    const bundle = await readBundle(published, from / TILE_WIDTH, width)
    for (const [i, entry] of bundle.entries()) {
      const next = asEntry(from + i, () => decode(LogEntry, entry))
      if (place && place.height !== next.height) {
        yield { height: place.height, timeMs: place.timeMs, entries, recorded: null }
        entries = []
      }
      place = next
      entries.push(entry)
    }
    onProgress(Math.ceil(total / TILE_WIDTH))
  }
  if (place) yield { height: place.height, timeMs: place.timeMs, entries, recorded: null }
}

/** The entries of a bundle, of which there must be `width`. @throws Diverged */
async function readBundle(published: PublishedLedger, index: number, width: number): Promise<Uint8Array[]> {
  const bundle = await published.resource(formatTilePath({ level: 'entries', index, width }))
  const logIndex = index * TILE_WIDTH
  const found = asEntry(logIndex, () => splitEntries(bundle))
  if (found.length !== width) throw unreadable(logIndex, `${width} entries`, `${found.length} entries`)
  return found
}

/** What does not read as entries is a divergence at that place. @throws Diverged */
function asEntry<T>(logIndex: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isSalusError(error)) throw error
    throw unreadable(logIndex, 'an entry', error.code)
  }
}

function unreadable(logIndex: number, expected: string, found: string): Diverged {
  return new Diverged({ height: null, what: 'entry', logIndex, expected, found })
}

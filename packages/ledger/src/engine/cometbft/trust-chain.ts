/**
 * The headers by which trust goes from the genesis file to a recent header, as packages/proof lets it go. Kept are the
 * headers where the validators changed, on both sides of the change, and one from time to time, within the trusting
 * period: so any header follows from the last kept one. A proof gets as few of them as will do.
 */
import { DatabaseSync } from 'node:sqlite'
import { CommitHop, cometTimeMs, decode, encode, type Genesis, HOPS_MAX, isSalusError } from '@salus/core'
import { followHop, genesisTrust, type Trust } from '@salus/proof'
import { networkOf } from './validators.ts'

/** Headers that lead from the genesis file to the trust they give. */
interface Way {
  readonly hops: readonly CommitHop[]
  readonly trust: Trust
}

export class TrustChain {
  readonly #database: DatabaseSync
  readonly #root: Trust
  /** The kept headers, lowest first. */
  #kept: CommitHop[]
  /** Heights whose headers are to be kept once they are there. */
  readonly #expected: Set<number>
  /** The way to the last header asked for, without it. */
  #way: Way

  /** `path` is that of a SQLite file of its own. */
  constructor(path: string, genesis: Genesis) {
    this.#root = genesisTrust(genesis, networkOf(genesis))
    this.#way = { hops: [], trust: this.#root }
    this.#database = new DatabaseSync(path)
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS hop (height INTEGER PRIMARY KEY, content BLOB) STRICT`)
    const rows = this.#database.prepare('SELECT height, content FROM hop ORDER BY height').all()
    const contents = rows.map(({ content }) => content as Uint8Array | null)
    this.#kept = contents.flatMap((content) => (content === null ? [] : [decode(CommitHop, content)]))
    this.#expected = new Set(rows.filter(({ content }) => content === null).map(({ height }) => Number(height)))
  }

  /** The block at `height` changes the validators from `height + 2` on. */
  expectChange(height: number): void {
    for (const at of [height + 1, height + 2]) {
      this.#database.prepare('INSERT OR IGNORE INTO hop VALUES (?, NULL)').run(at)
      if (!this.#kept.some(({ header }) => header.height === at)) this.#expected.add(at)
    }
  }

  /** The lowest height up to `height` whose header must be handed to {@link TrustChain.keep}. */
  missing(height: number): number | undefined {
    const heights = [...this.#expected].filter((at) => at <= height)
    return heights.length > 0 ? Math.min(...heights) : undefined
  }

  keep(hop: CommitHop): void {
    const { height } = hop.header
    this.#database.prepare('INSERT OR REPLACE INTO hop VALUES (?, ?)').run(height, encode(CommitHop, hop))
    this.#expected.delete(height)
    this.#kept = [...this.#kept.filter(({ header }) => header.height !== height), hop]
    this.#kept.sort((a, b) => a.header.height - b.header.height)
  }

  /** The headers by which `target` follows from the genesis, itself the last; undefined where none lead to it. */
  wayTo(target: CommitHop): readonly CommitHop[] | undefined {
    this.#keepFromTimeToTime(target)
    for (const start of [this.#way, { hops: [], trust: this.#root }]) {
      const way = this.#extend(start, target)
      if (way === undefined || way.hops.length >= HOPS_MAX) continue
      this.#way = way
      return [...way.hops, target]
    }
    return undefined
  }

  close(): void {
    this.#database.close()
  }

  /** Goes on from `start`, each time to the farthest header that follows, until `target` does. */
  #extend(start: Way, target: CommitHop): Way | undefined {
    let { hops, trust } = start
    while (tryFollow(trust, target) === undefined) {
      const between = this.#kept.filter(({ header }) => header.height < target.header.height)
      const next = between.findLast((hop) => hop.header.height > trust.height && tryFollow(trust, hop))
      if (next === undefined) return undefined
      hops = [...hops, next]
      trust = followHop(trust, next)
    }
    return { hops, trust }
  }

  #keepFromTimeToTime(hop: CommitHop): void {
    const last = this.#kept.at(-1)?.header.time ?? this.#root.time
    const elapsedMs = cometTimeMs(hop.header.time) - cometTimeMs(last)
    if (elapsedMs > this.#root.trustingPeriodMs / 2) this.keep(hop)
  }
}

function tryFollow(trust: Trust, hop: CommitHop): Trust | undefined {
  try {
    return followHop(trust, hop)
  } catch (error) {
    if (isSalusError(error)) return undefined
    throw error
  }
}

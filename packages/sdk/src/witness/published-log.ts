/**
 * The log as a node publishes it at `/ledger`: a checkpoint and C2SP tlog-tiles (docs/spec/log.md). The tiles give the
 * hash of any part of the tree; what is read here counts for nothing until a signed root confirms it.
 */
import { HASH_BYTES, SalusError, sha256 } from '@salus/core'
import { merkleNodeHash, NOTE_LENGTH_MAX } from '@salus/proof'
import { sendForBytes } from '../http.ts'

const TILE_WIDTH = 256
/** A note is ASCII save for the dash before each signature. */
const NOTE_BYTES_MAX = 2 * NOTE_LENGTH_MAX
/** A bundle of 256 entries of 65,535 bytes, each after its length. */
const RESOURCE_BYTES_MAX: number = TILE_WIDTH * (2 + 0xffff)

export class PublishedLog {
  readonly #url: string
  /** The tiles read so far, for one size of the log: neighbouring hashes come from the same tile. */
  readonly #tiles = new Map<string, Promise<Uint8Array>>()

  /** `url` is that of the node, without `/ledger`. */
  constructor(url: string) {
    this.#url = `${url.replace(/\/$/, '')}/ledger`
  }

  /** The signed note. @throws SalusError `unreachable`, `answer-too-large`, and the node's own codes */
  async checkpoint(): Promise<string> {
    return new TextDecoder().decode(await sendForBytes(`${this.#url}/checkpoint`, NOTE_BYTES_MAX))
  }

  /** A resource by its path below `tile/`. @throws SalusError as {@link PublishedLog.checkpoint} */
  resource(path: string): Promise<Uint8Array> {
    return sendForBytes(`${this.#url}/tile/${path}`, RESOURCE_BYTES_MAX)
  }

  /** The root of the first `size` entries of a log of `total`. @throws SalusError `tile-malformed`, and of reading */
  async root(size: number, total: number): Promise<Uint8Array> {
    return size === 0 ? sha256() : this.#subtree(0, size, total)
  }

  /** The path that shows that a log of `total` entries begins with one of `size` (RFC 9162 section 2.1.4.1). */
  async consistencyPath(size: number, total: number): Promise<Uint8Array[]> {
    if (size === 0 || size === total) return []
    const path: Promise<Uint8Array>[] = []
    let from = 0
    let to = total
    while (size < to) {
      const middle = from + largestPowerBelow(to - from)
      path.push(size <= middle ? this.#subtree(middle, to, total) : this.#subtree(from, middle, total))
      if (size <= middle) to = middle
      else from = middle
    }
    // The subtree that ends the old tree is known to the verifier only when it is the whole old tree.
    if (from > 0) path.push(this.#subtree(from, to, total))
    return (await Promise.all(path)).reverse()
  }

  /** Root over the entries from `from` to `to`, a subtree of the tree. */
  async #subtree(from: number, to: number, total: number): Promise<Uint8Array> {
    const size = to - from
    const below = largestPowerBelow(size)
    if (size > 1 && size !== 2 * below) {
      const halves = [this.#subtree(from, from + below, total), this.#subtree(from + below, to, total)] as const
      const [left, right] = await Promise.all(halves)
      return merkleNodeHash(left, right)
    }
    const level = Math.floor(Math.round(Math.log2(size)) / 8)
    const first = from / TILE_WIDTH ** level
    const start = first % TILE_WIDTH
    const tile = await this.#tile(level, Math.floor(first / TILE_WIDTH), total)
    return perfectRoot(tile, start, start + size / TILE_WIDTH ** level)
  }

  /** The tile as the tree of `total` entries has it. */
  #tile(level: number, index: number, total: number): Promise<Uint8Array> {
    const hashes = Math.floor(total / TILE_WIDTH ** level)
    const width = Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH)
    const path = tilePath(level, index, width)
    const known = this.#tiles.get(path)
    if (known) return known
    const tile = this.resource(path).then((content) => {
      if (content.length === width * HASH_BYTES) return content
      throw new SalusError('tile-malformed', 'a tile of the log has another length', { path, bytes: content.length })
    })
    this.#tiles.set(path, tile)
    return tile
  }
}

/** `<level>/<index>[.p/<width>]`, the index in groups of three digits, all but the last with `x` before them. */
function tilePath(level: number, index: number, width: number): string {
  let name = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, '0')}/${name}`
  }
  return `${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** Root over 2^n hashes of a tile, those numbered from `start` to `end`. */
function perfectRoot(hashes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start === 1) return hashes.slice(start * HASH_BYTES, end * HASH_BYTES)
  const middle = (start + end) / 2
  return merkleNodeHash(perfectRoot(hashes, start, middle), perfectRoot(hashes, middle, end))
}

/** The largest power of two smaller than `size`; 1 for sizes below 2. */
function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

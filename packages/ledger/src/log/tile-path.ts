/**
 * Paths of C2SP tlog-tiles resources (c2sp.org/tlog-tiles), below `tile/`: `<level>/<index>[.p/<width>]` for hashes and
 * `entries/<index>[.p/<width>]` for entry bundles. An index is written in groups of three digits, all but the last
 * with `x` before them: 1234067 is `x001/x234/067`.
 */

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256
/** Highest level that a tree below 2^53 leaves needs. */
const LEVEL_MAX = 6

export interface TilePath {
  readonly level: number | 'entries'
  readonly index: number
  /** Hashes or entries in the tile: 1 to 256. */
  readonly width: number
}

const PATH = /^(0|[1-9]\d?|entries)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** The parts of a path, or undefined when it is not the one spelling of any tile's. */
export function parseTilePath(path: string): TilePath | undefined {
  const match = PATH.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? ('entries' as const) : Number(match[1])
  const index = Number((match[2] as string).replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  const tile: TilePath = { level, index, width }
  if (level !== 'entries' && level > LEVEL_MAX) return undefined
  return Number.isSafeInteger(index) && formatTilePath(tile) === path ? tile : undefined
}

/** The path of a tile below `tile/`. */
export function formatTilePath({ level, index, width }: TilePath): string {
  let name = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, '0')}/${name}`
  }
  return `${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merkleRoot, verifyConsistency, verifyInclusion } from '@salus/proof'
import fc from 'fast-check'
import { logLeafHash, MerkleLog } from './merkle-log.ts'
import { formatTilePath, parseTilePath } from './tile-path.ts'

function entryOf(n: number): Uint8Array {
  return new TextEncoder().encode(`entry ${n}`)
}

function logOf(size: number): { log: MerkleLog; tiles: Map<string, Uint8Array> } {
  const tiles = new Map<string, Uint8Array>()
  const log = new MerkleLog((level, index) => tiles.get(`${level}/${index}`))
  for (let n = 0; n < size; n++) log.append(logLeafHash(entryOf(n)))
  for (const tile of log.takeFullTiles()) tiles.set(`${tile.level}/${tile.index}`, tile.hashes)
  return { log, tiles }
}

const SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 1000, 65_536, 66_049]

test('the root is that of RFC 9162', () => {
  for (const size of SIZES.filter((size) => size <= 1000)) {
    assert.deepEqual(logOf(size).log.root(), merkleRoot(Array.from({ length: size }, (_, n) => entryOf(n))))
  }
})

test('inclusion and consistency proofs verify at sizes around tile borders', () => {
  for (const size of SIZES) {
    const { log } = logOf(size)
    for (const index of [0, 1, 2, 254, 255, 256, 300, 65_535, 65_536, size - 1].filter((n) => n >= 0 && n < size)) {
      verifyInclusion(logLeafHash(entryOf(index)), index, size, log.inclusionPath(index), log.root())
    }
    for (const old of SIZES.filter((n) => n <= size)) {
      verifyConsistency(old, logOf(old).log.root(), size, log.root(), log.consistencyPath(old))
    }
    assert.throws(() => log.inclusionPath(size), { code: 'log-index' })
    assert.throws(() => log.consistencyPath(size + 1), { code: 'log-index' })
  }
})

test('a log restored from its edges goes on as the first one', () => {
  for (const size of SIZES) {
    const { log, tiles } = logOf(size)
    const again = new MerkleLog((level, index) => tiles.get(`${level}/${index}`))
    const edges = log.mark().edges.map(({ bytes, count }) => bytes.slice(0, count * 32))
    again.restore(size, edges)
    assert.deepEqual(again.root(), log.root())
    for (const grown of [log, again]) for (let n = size; n < size + 300; n++) grown.append(logLeafHash(entryOf(n)))
    assert.deepEqual(again.root(), log.root())
    assert.deepEqual(again.takeFullTiles(), log.takeFullTiles())
  }
})

test('a rewound log is as it was', () => {
  fc.assert(
    fc.property(fc.nat(600), fc.nat(600), (size, more) => {
      const { log } = logOf(size)
      const root = log.root()
      const mark = log.mark()
      for (let n = 0; n < more; n++) log.append(logLeafHash(entryOf(9999 + n)))
      log.rewind(mark)
      assert.deepEqual(log.root(), root)
      for (let n = size; n < size + more; n++) log.append(logLeafHash(entryOf(n)))
      assert.deepEqual(log.root(), logOf(size + more).log.root())
    }),
    { numRuns: 30 },
  )
})

test('tile paths have one spelling', () => {
  assert.deepEqual(parseTilePath('0/x001/234.p/17'), { level: 0, index: 1234, width: 17 })
  assert.deepEqual(parseTilePath('entries/x001/x234/067'), { level: 'entries', index: 1234067, width: 256 })
  assert.equal(formatTilePath({ level: 2, index: 0, width: 256 }), '2/000')
  const wrong = [
    '0/1',
    '0/000.p/0',
    '0/000.p/256',
    '0/x000/001',
    '00/000',
    '7/000',
    '0/000.p/017',
    'x/000',
    '0/x001/x234',
  ]
  for (const path of [...wrong, '0/../000', '']) assert.equal(parseTilePath(path), undefined, path)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: 1, max: 256 }), (index, width) => {
      assert.deepEqual(parseTilePath(formatTilePath({ level: 1, index, width })), { level: 1, index, width })
    }),
  )
})

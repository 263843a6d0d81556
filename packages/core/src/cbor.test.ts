import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cborg from 'cborg'
import fc from 'fast-check'
import { equalBytes, fromHex, toHex } from './bytes.ts'
import { CBOR_DEPTH_MAX, type Cbor, decodeCbor, encodeCbor } from './cbor.ts'
import { isSalusError, SalusError } from './errors.ts'

/** RFC 8949 appendix A, the rows within our part of CBOR. */
const VECTORS: readonly (readonly [Cbor, string])[] = [
  [0, '00'],
  [1, '01'],
  [10, '0a'],
  [23, '17'],
  [24, '1818'],
  [25, '1819'],
  [100, '1864'],
  [1000, '1903e8'],
  [1000000, '1a000f4240'],
  [1000000000000, '1b000000e8d4a51000'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [Uint8Array.of(), '40'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  ['', '60'],
  ['a', '6161'],
  ['IETF', '6449455446'],
  ['"\\', '62225c'],
  ['\u00fc', '62c3bc'],
  ['\u6c34', '63e6b0b4'],
  ['\ud800\udd51', '64f0908591'],
  [[], '80'],
  [[1, 2, 3], '83010203'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [Array.from({ length: 25 }, (_, i) => i + 1), '98190102030405060708090a0b0c0d0e0f101112131415161718181819'],
]

/** Rows of appendix A that we do not speak, and other spellings of what we do. */
const REFUSED = [
  '1bffffffffffffffff',
  '1b0020000000000000',
  'c249010000000000000000',
  '20',
  '3903e7',
  'f90000',
  'fa47c35000',
  'fb3ff199999999999a',
  'f7',
  'f0',
  'f8ff',
  'c11a514b67b0',
  'a0',
  'a201020304',
  '5f42010243030405ff',
  '7f657374726561646d696e67ff',
  '9fff',
  '1817',
  '190017',
  '1900ff',
  '1a0000ffff',
  '1b00000000ffffffff',
  '5800',
  '6161ff',
  '62c328',
  '63eda080',
  '6161 00',
  '1c',
  '18',
  '42ff',
  '8201',
  '9bffffffffffffffff',
  '9a00ffffff',
  '',
]

const cbor: fc.Arbitrary<Cbor> = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.maxSafeNat(),
    fc.nat(70_000),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 30 }),
  ),
})).value

const depth = (value: Cbor): number => (Array.isArray(value) ? 1 + Math.max(0, ...value.map(depth)) : 0)
const shallow = cbor.filter((value) => depth(value) <= CBOR_DEPTH_MAX)

test('the vectors of RFC 8949', () => {
  for (const [value, hex] of VECTORS) {
    assert.equal(toHex(encodeCbor(value)), hex)
    assert.deepEqual(decodeCbor(fromHex(hex)), value)
  }
})

test('what is not the one encoding of a value is refused', () => {
  for (const hex of REFUSED) {
    const bytes = fromHex(hex.replaceAll(' ', ''))
    assert.throws(
      () => decodeCbor(bytes),
      (error) => isSalusError(error, 'cbor-malformed'),
      hex,
    )
  }
})

test('values return from their encoding', () => {
  fc.assert(fc.property(shallow, (value) => assert.deepEqual(decodeCbor(encodeCbor(value)), value)))
})

test('a general library writes the same bytes and reads them alike', () => {
  fc.assert(
    fc.property(shallow, (value) => {
      const bytes = encodeCbor(value)
      assert.equal(toHex(cborg.encode(value)), toHex(bytes))
      assert.deepEqual(cborg.decode(bytes, { strict: true }), value)
    }),
  )
})

test('bytes that decode are the encoding of what they decode to', () => {
  const mutated = fc
    .tuple(shallow, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
    .map(([value, edits]) => {
      const bytes = encodeCbor(value)
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 20 })), (bytes) => {
      try {
        assert.ok(equalBytes(encodeCbor(decodeCbor(bytes)), bytes))
      } catch (error) {
        assert.ok(error instanceof SalusError && error.code.startsWith('cbor-'), String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('nesting is bounded both ways', () => {
  const nested = (levels: number) => Array.from({ length: levels }).reduce<Cbor>((inner) => [inner], 0)
  const tooDeep = (error: unknown) => isSalusError(error, 'cbor-too-deep')
  assert.deepEqual(decodeCbor(encodeCbor(nested(CBOR_DEPTH_MAX))), nested(CBOR_DEPTH_MAX))
  assert.throws(() => encodeCbor(nested(CBOR_DEPTH_MAX + 1)), tooDeep)
  assert.throws(() => decodeCbor(new Uint8Array(100_000).fill(0x81)), tooDeep)
})

test('a length alone reserves no memory', () => {
  // An array of 2^32 - 1 items, and a byte string as long, in a handful of bytes.
  for (const hex of ['9affffffff00', '5affffffff00']) {
    assert.throws(
      () => decodeCbor(fromHex(hex)),
      (error) => isSalusError(error, 'cbor-malformed'),
    )
  }
})

test('values outside our part of CBOR cannot be encoded', () => {
  const values: unknown[] = [-1, -0, 0.5, Number.NaN, 2 ** 53, '\ud800', undefined, 1n, Symbol.iterator, {}, new Map()]
  for (const value of values) {
    assert.throws(
      () => encodeCbor(value as Cbor),
      (error) => isSalusError(error, 'cbor-unsupported'),
    )
  }
})

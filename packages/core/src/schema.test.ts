import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cbor } from './cbor.ts'
import { isSalusError } from './errors.ts'
import {
  anything,
  array,
  boolean,
  bytes,
  decode,
  encode,
  nullable,
  oneOf,
  type Schema,
  struct,
  text,
  uint,
  variant,
} from './schema.ts'

const mismatchAt = (path: string) => (error: unknown) =>
  isSalusError(error, 'schema-mismatch') && error.details.path === path

const mismatch = (error: unknown) => isSalusError(error, 'schema-mismatch')

const CASES: readonly { schema: Schema<unknown>; good: readonly Cbor[]; bad: readonly Cbor[] }[] = [
  { schema: uint(10), good: [0, 10], bad: [11, '1', null, true, Uint8Array.of(1), []] },
  { schema: uint(), good: [0, Number.MAX_SAFE_INTEGER], bad: ['0'] },
  { schema: bytes(2), good: [Uint8Array.of(1, 2)], bad: [Uint8Array.of(1), Uint8Array.of(1, 2, 3), 'ab', [1, 2]] },
  { schema: bytes(0, 2), good: [Uint8Array.of(), Uint8Array.of(1, 2)], bad: [Uint8Array.of(1, 2, 3)] },
  { schema: text(3), good: ['', 'abc'], bad: ['abcd', 1, null] },
  { schema: text(3, /^[a-z]+$/), good: ['abc'], bad: ['', 'A', 'abcd', 'a\n'] },
  { schema: oneOf('a', 'b'), good: ['a', 'b'], bad: ['c', '', 'A', null, 0] },
  { schema: boolean, good: [true, false], bad: [0, 1, null, 'true'] },
  { schema: nullable(uint(1)), good: [null, 1], bad: [2, false] },
  { schema: array(uint(1), 1, 2), good: [[0], [0, 1]], bad: [[], [0, 0, 0], [2], 0, Uint8Array.of(1)] },
  { schema: anything, good: [0, [null], 'x'], bad: [] },
]

test('each schema takes what it describes and refuses the rest', () => {
  for (const { schema, good, bad } of CASES) {
    for (const value of good) assert.deepEqual(decode(schema, encode(schema, schema.parse(value))), value)
    for (const value of bad) assert.throws(() => schema.parse(value), mismatch)
  }
})

const Inner = struct({ when: uint(), kind: oneOf('x', 'y') })
const Outer = struct({ name: text(5), items: array(Inner, 0, 3), last: nullable(Inner) })

test('structures are arrays in the order of their fields', () => {
  const value = { name: 'n', items: [{ when: 1, kind: 'x' as const }], last: null }
  assert.deepEqual(Outer.toCbor(value), ['n', [[1, 'x']], null])
  assert.deepEqual(decode(Outer, encode(Outer, value)), value)
})

test('a refusal names the field', () => {
  assert.throws(
    () =>
      Outer.parse([
        'n',
        [
          [1, 'x'],
          [1, 'z'],
        ],
        null,
      ]),
    mismatchAt('items[1].kind'),
  )
  assert.throws(() => Outer.parse(['n', [], ['1', 'x']]), mismatchAt('last.when'))
  assert.throws(() => Outer.parse(['n', [[1]], null]), mismatchAt('items[0]'))
  assert.throws(() => Outer.parse(['n', []]), mismatchAt(''))
  assert.throws(() => Outer.parse(['n', [], null, 0]), mismatchAt(''))
  assert.throws(() => Outer.parse('n'), mismatchAt(''))
})

const Shape = variant({ circle: struct({ radius: uint(9) }), point: struct({}) })

test('a value of several kinds is an array of the kind and its value', () => {
  const circle = { kind: 'circle' as const, value: { radius: 3 } }
  assert.deepEqual(Shape.toCbor(circle), ['circle', [3]])
  assert.deepEqual(decode(Shape, encode(Shape, circle)), circle)
  assert.deepEqual(Shape.parse(['point', []]), { kind: 'point', value: {} })
  assert.throws(() => Shape.parse(['circle', [10]]), mismatchAt('value.radius'))
  for (const odd of [
    ['square', []],
    ['toString', []],
    [0, []],
  ])
    assert.throws(() => Shape.parse(odd), mismatchAt('kind'))
  for (const odd of [[], ['point'], ['point', [], 0], 'point', null]) {
    assert.throws(() => Shape.parse(odd), mismatchAt(''))
  }
})

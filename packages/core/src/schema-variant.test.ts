import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from './bytes.ts'
import type { Cbor } from './cbor.ts'
import { isSalusError } from './errors.ts'
import {
  anything,
  array,
  boolean,
  bytes,
  decode,
  encode,
  type Infer,
  nullable,
  oneOf,
  type Schema,
  struct,
  text,
  uint,
  variant,
} from './schema.ts'

const Figure = variant({ circle: struct({ radius: uint(9) }), point: struct({}), note: nullable(text(2)) })

test('a variant is an array of its kind and its value', () => {
  const cases: [Infer<typeof Figure>, string][] = [
    [{ kind: 'circle', value: { radius: 3 } }, '8266636972636c658103'],
    [{ kind: 'point', value: {} }, '8265706f696e7480'],
    [{ kind: 'note', value: null }, '82646e6f7465f6'],
  ]
  for (const [value, hex] of cases) {
    assert.equal(toHex(encode(Figure, value)), hex)
    assert.deepEqual(decode(Figure, encode(Figure, value)), value)
  }
})

test('a variant refuses unknown kinds, values of another kind, and other forms', () => {
  const refused: [Cbor, string][] = [
    [['square', [3]], 'kind'],
    [['toString', [3]], 'kind'],
    [[3, [3]], 'kind'],
    [['circle', []], 'value'],
    [['circle', [10]], 'value.radius'],
    [['circle'], ''],
    [['circle', [3], null], ''],
    ['circle', ''],
    [null, ''],
  ]
  for (const [value, path] of refused) {
    assert.throws(
      () => Figure.parse(value),
      (error) => isSalusError(error, 'schema-mismatch') && error.details.path === path,
    )
  }
})

test('each schema says what it expects', () => {
  const cases: [Schema<unknown>, string][] = [
    [uint(5), 'an integer up to 5'],
    [uint(), 'an integer up to 2^53-1'],
    [bytes(16), '16 bytes'],
    [bytes(1, 2), '1 to 2 bytes'],
    [text(3), 'text of at most 3'],
    [text(3, /^a/), 'text of at most 3 that matches /^a/'],
    [oneOf('a', 'b'), 'a | b'],
    [boolean, 'true or false'],
    [anything, 'anything'],
    [nullable(bytes(2)), '2 bytes, or null'],
    [array(boolean, 1, 2), '1 to 2 items, each: true or false'],
    [struct({ a: boolean, b: bytes(2) }), '(a: true or false; b: 2 bytes)'],
    [Figure, 'circle (radius: an integer up to 9) | point () | note text of at most 2, or null'],
  ]
  for (const [schema, expected] of cases) assert.equal(schema.expected, expected)
})

test('a structure gives the schemas of its fields', () => {
  const name = text(3)
  assert.equal(struct({ name }).fields.name, name)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSalusError, SalusError } from './errors.ts'
import { json, readJsonFile, writeJsonFile } from './json-shape.ts'

const Shape = json.object({
  format: json.literal('test/1'),
  name: json.text(20),
  count: json.uint(1000),
  kind: json.oneOf('a', 'b'),
  key: json.hex(4),
  blob: json.base64url(20),
  note: json.nullable(json.text(5)),
  items: json.array(json.object({ n: json.uint() }), 1, 3),
  part: json.variant({ one: { n: json.uint() }, none: {} }),
})

const VALUE = {
  format: 'test/1' as const,
  name: 'näme',
  count: 7,
  kind: 'a' as const,
  key: Uint8Array.of(0, 1, 254, 255),
  blob: Uint8Array.of(250, 251, 252),
  note: null,
  items: [{ n: 1 }, { n: 2 }],
  part: { kind: 'one' as const, n: 3 },
}
const TEXT = writeJsonFile(Shape, VALUE)
const fails = (code: string, path?: string) => (error: unknown) =>
  isSalusError(error, code) && (path === undefined || error.details.path === path)

test('a value returns from its text', () => {
  assert.deepEqual(readJsonFile(Shape, TEXT), VALUE)
})

test('a variant has the fields of its kind', () => {
  const none = { ...VALUE, part: { kind: 'none' as const } }
  assert.deepEqual(readJsonFile(Shape, writeJsonFile(Shape, none)), none)
})

test('every field is held to its shape, and named when it fails', () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ['format', 'test/2'],
    ['name', 'x'.repeat(21)],
    ['name', '\ud800'],
    ['count', 1001],
    ['count', -1],
    ['count', 0.5],
    ['count', '7'],
    ['kind', 'toString'],
    ['key', '0001feFF'],
    ['key', '0001fe'],
    ['key', null],
    ['blob', '+vv8'],
    ['blob', 'A'],
    ['blob', 'A'.repeat(60)],
    ['note', 7],
    ['items', []],
    ['items', {}],
    ['items[0]', [null]],
    ['items[0]', [{ n: 1, m: 1 }]],
    ['items[1].n', [{ n: 1 }, { n: null }]],
    ['part.kind', null],
    ['part.kind', {}],
    ['part.kind', { kind: 'toString' }],
    ['part.kind', { kind: ['one'], n: 3 }],
    ['part', { kind: 'none', n: 3 }],
    ['part', { n: 3, kind: 'one' }],
    ['part.n', { kind: 'one', n: -1 }],
  ]
  for (const [path, value] of bad) {
    const field = path.split(/[.[]/)[0] as string
    const text = JSON.stringify({ ...JSON.parse(TEXT), [field]: value })
    assert.throws(() => readJsonFile(Shape, text), fails('json-mismatch', path), `${path} ${text}`)
  }
})

test('unknown, missing, repeated and reordered fields are refused', () => {
  const parsed = JSON.parse(TEXT)
  const { format, ...rest } = parsed
  for (const value of [{ ...parsed, more: 1 }, rest, { ...rest, format }, null, [], 'x', 1]) {
    assert.throws(() => readJsonFile(Shape, JSON.stringify(value)), fails('json-mismatch'))
  }
  assert.throws(() => readJsonFile(Shape, TEXT.replace('{', '{ "__proto__": 1,')), fails('json-mismatch'))
  assert.throws(() => readJsonFile(Shape, TEXT.replace('"count"', '"count": 7, "count"')), fails('json-not-canonical'))
})

test('other spellings of the same value are refused', () => {
  const spellings = [
    JSON.stringify(JSON.parse(TEXT)),
    `${TEXT}\n`,
    TEXT.trimEnd(),
    ` ${TEXT}`,
    TEXT.replace('7', '7.0'),
  ]
  for (const text of [...spellings, TEXT.replace('ä', '\\u00e4'), TEXT.replace('7', '0.7e1')]) {
    assert.throws(() => readJsonFile(Shape, text), fails('json-not-canonical'), text)
  }
  for (const text of ['', '{', TEXT.slice(0, -3), `\ufeff${TEXT}`, '['.repeat(100_000)]) {
    assert.throws(() => readJsonFile(Shape, text), fails('json-malformed'))
  }
})

test('text that reads is the one spelling of another value, or is refused', () => {
  fc.assert(
    fc.property(fc.nat(TEXT.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, unit) => {
      const changed = TEXT.slice(0, at) + unit + TEXT.slice(at + 1)
      try {
        const value = readJsonFile(Shape, changed)
        assert.equal(writeJsonFile(Shape, value), changed)
        if (changed !== TEXT) assert.notDeepEqual(value, VALUE)
      } catch (error) {
        assert.ok(error instanceof SalusError && error.code.startsWith('json-'), String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

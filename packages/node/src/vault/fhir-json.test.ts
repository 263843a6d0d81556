/** FHIR JSON keeps the spelling of numbers, and refuses what is ambiguous or too much. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError, utf8 } from '@salus/core'
import fc from 'fast-check'
import { NO_SPELLINGS, parseFhirJson, writeFhirJson } from './fhir-json.ts'

function rewritten(text: string): string {
  const { resource, spellings } = parseFhirJson(text)
  return writeFhirJson(resource as object, spellings)
}

test('numbers are written as they were spelled', () => {
  for (const text of [
    '{"a":1.0}',
    '{"a":1.50e1,"b":[0.10,2,{"c":1E-3}]}',
    '{"a":-0}',
    '{"a":123456789012345678901234567890.5}',
    '{"a":"1.0","b":0.10}',
    '{"a":"\\\\","b":1.0,"c":"\\"1.0,"}',
  ]) {
    assert.equal(rewritten(text), text)
  }
  assert.equal(parseFhirJson('{"a":1.5,"b":-2,"c":[3,"x 1.0"]}').spellings, NO_SPELLINGS)
})

test('a number that was changed after parsing is written as it is now', () => {
  const { resource, spellings } = parseFhirJson('{"a":1.0,"b":1.0}')
  const record = resource as { a: number }
  record.a = 2
  assert.equal(writeFhirJson(record, spellings), '{"a":2,"b":1.0}')
})

test('any JSON survives', () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      if (text.includes('"__proto__"')) return
      assert.equal(rewritten(text), text)
    }),
  )
})

const REFUSED: readonly (readonly [text: string | Uint8Array, code: string])[] = [
  ['{', 'fhir-json-malformed'],
  ['{"a":1,"a":2}', 'fhir-json-duplicate-key'],
  ['{"a":{"b":1,"b":1}}', 'fhir-json-duplicate-key'],
  ['{"a":1,"\\u0061":2}', 'fhir-json-duplicate-key'],
  ['{"__proto__":{}}', 'fhir-json-malformed'],
  [`${'['.repeat(100)}${']'.repeat(100)}`, 'fhir-json-too-deep'],
  [utf8('{"a":"ä"}').subarray(0, 7), 'fhir-json-malformed'],
  ['{"a":"äääää"}', 'fhir-json-too-long'],
]

for (const [text, code] of REFUSED) {
  test(`refused as ${code}: ${String(text).slice(0, 30)}`, () => {
    assert.throws(
      () => parseFhirJson(text, code === 'fhir-json-too-long' ? 14 : 1000),
      (error) => isSalusError(error, code),
    )
  })
}

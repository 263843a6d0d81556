import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { prettyText } from './json-text.ts'

test('pretty text is what JSON.stringify indents to', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(prettyText(text), JSON.stringify(JSON.parse(text), null, 2))
    }),
  )
})

test('pretty text keeps the spelling of numbers', () => {
  assert.equal(prettyText('{"a":1.50,"b":[1e2]}'), '{\n  "a": 1.50,\n  "b": [\n    1e2\n  ]\n}')
})

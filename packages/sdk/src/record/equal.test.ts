import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equalJson } from './equal.ts'

test('equal is what node:assert calls deeply equal, over JSON', () => {
  const values = fc.jsonValue({ maxDepth: 3 })
  fc.assert(
    fc.property(values, values, (a, b) => {
      const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
      let same = true
      try {
        assert.deepStrictEqual(read(a), read(b))
      } catch {
        same = false
      }
      assert.equal(equalJson(read(a), read(b)), same)
      assert.ok(equalJson(read(a), read(a)))
    }),
  )
})

test('the order of properties does not matter, that of items does', () => {
  assert.ok(equalJson({ a: 1, b: 2 }, { b: 2, a: 1 }))
  assert.ok(!equalJson([1, 2], [2, 1]))
  assert.ok(!equalJson({ a: 1 }, { a: 1, b: null }))
  assert.ok(!equalJson([], {}))
})

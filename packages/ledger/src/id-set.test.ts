import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '@salus/core'
import fc from 'fast-check'
import { IdSet } from './id-set.ts'

test('a set of ids is a set', () => {
  const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const similar = id.chain((first) => fc.nat(31).map((at) => first.with(at, (first[at] as number) ^ 1)))
  fc.assert(
    fc.property(fc.array(fc.oneof(id, similar, fc.constant(new Uint8Array(32))), { maxLength: 400 }), (ids) => {
      const set = new IdSet()
      const known = new Set<string>()
      for (const each of ids) {
        assert.equal(set.has(each), known.has(toHex(each)))
        assert.equal(set.add(each), !known.has(toHex(each)))
        known.add(toHex(each))
      }
      assert.equal(set.size, known.size)
      for (const each of ids) assert.ok(set.has(each))
    }),
  )
})

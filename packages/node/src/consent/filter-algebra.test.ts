import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filters, resources } from '../../test/consent-arbitraries.ts'
import { covers } from '../../test/consents.ts'
import type { DataFilter } from './filter.ts'
import { ALL, and, NONE, not, or } from './filter-algebra.ts'

test('the constructors mean what and, or and not mean', () => {
  fc.assert(
    fc.property(filters, filters, filters, resources, (a, b, c, resource) => {
      const [x, y, z] = [a, b, c].map((filter) => covers(filter, resource)) as [boolean, boolean, boolean]
      assert.equal(covers(and(a, b, c), resource), x && y && z)
      assert.equal(covers(or(a, b, c), resource), x || y || z)
      assert.equal(covers(not(a), resource), !x)
      assert.equal(covers(and(or(a, b), not(c)), resource), (x || y) && !z)
    }),
    { numRuns: 1000 },
  )
})

test('common filters come out as one test', () => {
  const type = (...types: string[]): DataFilter => ({ op: 'type', types })
  const instance: DataFilter = { op: 'instance', reference: 'Observation/o' }
  assert.deepEqual(and(), ALL)
  assert.deepEqual(or(), NONE)
  assert.deepEqual(or(type('A'), type('B', 'A')), type('A', 'B'))
  assert.deepEqual(and(type('A', 'B'), type('B', 'C')), type('B'))
  assert.deepEqual(and(type('A'), type('B')), NONE)
  assert.deepEqual(and(type('A', 'B'), not(type('A'))), type('B'))
  assert.deepEqual(and(type('A'), not(or(type('A'), instance))), NONE)
  assert.deepEqual(and(instance, not(instance)), NONE)
  assert.deepEqual(or(instance, not(instance)), ALL)
  assert.deepEqual(and(ALL, not(type('A'))), not(type('A')))
  assert.deepEqual(and(or(type('A'), instance), not(or(type('A'), instance))), NONE)
})

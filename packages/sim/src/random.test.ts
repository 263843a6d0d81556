import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from './random.ts'

test('the same seed gives the same draws; neighbours differ', () => {
  const draws = (seed: number) => Array.from({ length: 8 }, createRandom(seed).next)
  assert.deepEqual(draws(1), draws(1))
  assert.notDeepEqual(draws(1), draws(2))
})

test('draws stay in their bounds', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (seed, low, span) => {
      const random = createRandom(seed)
      const unit = random.next()
      const whole = random.between(low, low + span)
      return unit >= 0 && unit < 1 && Number.isInteger(whole) && whole >= low && whole <= low + span
    }),
  )
})

test('uniform draws have mean 1/2, normal ones mean 0 and deviation 1', () => {
  const random = createRandom(3)
  const mean = (draw: () => number) => Array.from({ length: 20_000 }, draw).reduce((sum, x) => sum + x, 0) / 20_000
  assert.ok(Math.abs(mean(random.next) - 0.5) < 0.01)
  assert.ok(Math.abs(mean(random.normal)) < 0.03)
  assert.ok(Math.abs(mean(() => random.normal() ** 2) - 1) < 0.05)
})

test('identifiers are version 4 UUIDs', () => {
  const random = createRandom(5)
  for (let draw = 0; draw < 100; draw += 1) {
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

/** The real one: processes killed with SIGKILL at random moments under load. The long run: `npm run sim -- --kill 500`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killAtRandom } from '../src/kill/kill.ts'

const ROUNDS = 20

test(`what was acknowledged outlives ${ROUNDS} kills, and nothing is there twice`, { timeout: 280_000 }, async () => {
  const { acknowledged } = await killAtRandom(ROUNDS)
  assert.ok(acknowledged > ROUNDS, `${acknowledged} acknowledged`)
})

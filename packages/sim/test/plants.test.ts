/** Each planted bug is found, within the steps stated here, by at least one of the engines it can live in. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Invariant } from '../src/model/violation.ts'
import type { EngineKind } from '../src/simulate.ts'
import type { PLANTS } from './plants.ts'

const PLANTER = fileURLToPath(new URL('./plants.ts', import.meta.url))

interface Case {
  readonly plant: keyof typeof PLANTS
  readonly engine: EngineKind
  readonly steps: number
  readonly invariants: readonly Invariant[]
}

/** Seeds that are tried, one after the other: a bug that needs a coincidence need not show in each. */
const SEEDS = [1, 2, 3]

const CASES: readonly Case[] = [
  { plant: 'acknowledgeBeforeDurable', engine: 'embedded', steps: 1000, invariants: ['acknowledged-lost'] },
  { plant: 'acknowledgeBeforeDurable', engine: 'replicated', steps: 1000, invariants: ['acknowledged-lost'] },
  { plant: 'replaySetForgets', engine: 'replicated', steps: 2000, invariants: ['roots-differ', 'happened-twice'] },
  { plant: 'gateRemembersConsent', engine: 'embedded', steps: 500, invariants: ['no-live-consent'] },
  { plant: 'gateRemembersConsent', engine: 'replicated', steps: 500, invariants: ['no-live-consent'] },
  {
    plant: 'outboxDropsRefused',
    engine: 'replicated',
    steps: 1000,
    invariants: ['log-incomplete', 'acknowledged-lost', 'stalled'],
  },
  { plant: 'counterFalls', engine: 'replicated', steps: 500, invariants: ['counter-fell'] },
]

/** Runs the plant in a process of its own; resolves to the invariant that broke, or null. */
async function find({ plant, engine, steps }: Case, seed: number): Promise<Invariant | null> {
  const child = spawn(process.execPath, [PLANTER, plant, String(seed), String(steps), engine], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) output += text
  return (JSON.parse(output) as { invariant: Invariant | null }).invariant
}

for (const planted of CASES) {
  test(`finds ${planted.plant} under the ${planted.engine} engine`, { timeout: 120_000 }, async () => {
    for (const seed of SEEDS) {
      const found = await find(planted, seed)
      if (found === null) continue
      assert.ok(planted.invariants.includes(found), `seed ${seed}: ${found}`)
      return
    }
    assert.fail(`not found with the seeds ${SEEDS.join(', ')}`)
  })
}

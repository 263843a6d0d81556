/** Short runs: the invariants hold, and a run repeats to the byte. Longer ones: `npm run sim -- --runs 100`. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

async function run(...options: string[]): Promise<{ output: string; code: number | null }> {
  const child = spawn(process.execPath, [MAIN, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) output += text
  return { output, code: await ended }
}

function traceOf(output: string): string | undefined {
  return /trace ([0-9a-f]{64})/.exec(output)?.[1]
}

for (const [engine, seed] of [
  ['embedded', 11],
  ['replicated', 12],
] as const) {
  test(`the invariants hold, and seed ${seed} repeats to the byte (${engine})`, { timeout: 120_000 }, async () => {
    const options = ['--seed', String(seed), '--steps', '600', '--engine', engine]
    const first = await run(...options)
    assert.equal(first.code, 0, first.output)
    const second = await run(...options)
    assert.ok(traceOf(first.output))
    assert.equal(traceOf(second.output), traceOf(first.output))
  })
}

test('more seeds', { timeout: 120_000 }, async () => {
  const { output, code } = await run('--seed', '20', '--steps', '500', '--runs', '4')
  assert.equal(code, 0, output)
})

/**
 * The checks that need no run: format and lint, types, determinism of the contracts, arrows between the packages, dead
 * code. All of them run to the end, so that one `npm run check` tells everything.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

const FOLDERS = ['packages', 'apps', 'bench', 'tools', 'test'].filter((folder) => existsSync(folder))

const CHECKS = [
  {
    name: 'format and lint',
    script: 'node_modules/@biomejs/biome/bin/biome',
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['-p', '.'] },
  { name: 'determinism', script: 'packages/contracts/lint-determinism.ts', args: [] },
  {
    name: 'arrows',
    script: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.mjs', ...FOLDERS],
  },
  { name: 'dead code', script: 'node_modules/knip/bin/knip.js', args: ['--no-progress', '--no-config-hints'] },
]

function run({ script, args }) {
  const startMs = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('close', (code) => resolve({ code, output, seconds: (performance.now() - startMs) / 1000 }))
  })
}

/** Runs every check and prints each with its time; the number of those that failed. */
export async function check() {
  let failed = 0
  for (const each of CHECKS) {
    if (!existsSync(each.script)) continue
    const { code, output, seconds } = await run(each)
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${each.name} (${seconds.toFixed(1)} s)`)
    if (code === 0) continue
    failed += 1
    console.log(output.trimEnd().replace(/^/gm, '     '))
  }
  return failed
}

if (import.meta.main) {
  const failed = await check()
  console.log(failed === 0 ? 'all checks passed' : `${failed} checks failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

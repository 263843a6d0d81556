/** Runs the benchmarks one after another: `npm run bench`, or `npm run bench -- name` for those whose name holds it. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename } from 'node:path'

const patterns = process.argv.slice(2)
const files = globSync('bench/*.ts', { exclude: (name) => name.endsWith('.test.ts') || name.endsWith('.d.ts') })
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => basename(file).includes(pattern)))
  .sort()
if (files.length === 0) {
  console.error('bench: no benchmark matches')
  process.exit(2)
}

let failed = 0
for (const file of files) {
  console.error(`bench: ${file}`)
  const { status, signal } = spawnSync(process.execPath, ['--expose-gc', file], { stdio: 'inherit' })
  if (signal === 'SIGINT' || signal === 'SIGTERM') process.exit(130)
  if (status !== 0) {
    failed += 1
    console.error(`bench: ${file} failed`)
  }
}
process.exit(failed === 0 ? 0 : 1)

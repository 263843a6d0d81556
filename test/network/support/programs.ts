/** Programs that stand in for CometBFT (`COMETBFT_BIN`) to make a member faulty; each runs the real one. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMETBFT_VERSION } from '@salus/ledger'

const GARBAGE = fileURLToPath(new URL('./garbage.ts', import.meta.url))

/** A program whose application answers garbage after `honestBlocks`. */
export function garbageProgram(folder: string, program: string, honestBlocks: number): string {
  const path = join(folder, 'garbage-cometbft')
  const command = [process.execPath, GARBAGE, String(honestBlocks), program].map((word) => `'${word}'`).join(' ')
  writeFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
  return path
}

const CLOCK = fileURLToPath(new URL('./clock.ts', import.meta.url))
const TOOLS = fileURLToPath(new URL('../../../.tools', import.meta.url))
const GO_MS_MAX = 10 * 60 * 1000

/** What a member is started with whose clock is ahead, in both of its processes. */
export function clockEnvironment(program: string, aheadMs: number): NodeJS.ProcessEnv {
  return {
    COMETBFT_BIN: program,
    NODE_OPTIONS: `--import ${CLOCK}`,
    SALUS_TEST_CLOCK_MS: String(aheadMs),
  }
}

/**
 * CometBFT with a clock that `SALUS_TEST_CLOCK_MS` sets ahead, built once from the pinned version with one file of it
 * replaced: Go asks the kernel itself for the time, so nothing can be put in between. Undefined where Go is missing.
 */
export function clockProgram(): string | undefined {
  const folder = join(TOOLS, `cometbft-${COMETBFT_VERSION}-clock`)
  const program = join(folder, 'cometbft')
  if (existsSync(program)) return program
  const go = (args: readonly string[], cwd: string): string =>
    execFileSync('go', args, { cwd, encoding: 'utf8', timeout: GO_MS_MAX, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    mkdirSync(folder, { recursive: true })
    const module = `github.com/cometbft/cometbft@${COMETBFT_VERSION}`
    const { Dir: source } = JSON.parse(go(['mod', 'download', '-json', module], folder)) as { Dir: string }
    const copy = join(folder, 'source')
    cpSync(source, copy, { recursive: true })
    // The module cache is read-only, and so is the copy of it.
    const path = join(copy, 'types', 'time', 'time.go')
    const text = readFileSync(path, 'utf8')
    for (const each of [join(path, '..'), path]) chmodSync(each, 0o755)
    writeFileSync(path, withOffset(text))
    go(['build', '-o', program, './cmd/cometbft'], copy)
    return program
  } catch (error) {
    process.stdout.write(
      `left out, not passed: clocks apart need Go to build CometBFT (${String(error).slice(0, 300)})\n`,
    )
    return undefined
  }
}

/** The file of CometBFT that tells the time, with an offset. */
function withOffset(source: string): string {
  const ahead = 'var ahead, _ = time.ParseDuration(os.Getenv("SALUS_TEST_CLOCK_MS") + "ms")'
  const changed = source
    .replace('import (\n', 'import (\n\t"os"\n')
    .replace('// Now returns', `${ahead}\n\n// Now returns`)
    .replace('Canonical(time.Now())', 'Canonical(time.Now().Add(ahead))')
  if (!changed.includes('Add(ahead)') || !changed.includes(ahead)) throw new Error('CometBFT tells the time otherwise')
  return changed
}

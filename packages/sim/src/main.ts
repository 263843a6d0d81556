/** `npm run sim -- --seed N --steps M`: one run, or with `--runs R` as many, of the seeds that follow. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killAtRandom } from './kill/kill.ts'
import { type EngineKind, type SimulationReport, simulate } from './simulate.ts'

const USAGE = `usage: npm run sim -- [--seed N] [--steps M] [--runs R] [--tally]
                       [--engine embedded|replicated]
       npm run sim -- --kill ROUNDS`

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is a whole number\n${USAGE}`)
  return Number(text)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

interface Run {
  readonly seed: number
  readonly steps: number
  readonly engine: EngineKind | undefined
  /** Whether to say how often each action ended how. */
  readonly isTold: boolean
}

/** Runs one seed; true when every invariant held. */
async function runSeed({ seed, steps, engine, isTold }: Run): Promise<boolean> {
  const startMs = performance.now()
  const report = await simulate({
    seed,
    steps,
    ...(engine === undefined ? {} : { engine }),
    onProgress: ({ step, events }) => progress(`seed ${seed}: step ${step} of ${steps}, ${events} events`),
  })
  progress('')
  const seconds = (performance.now() - startMs) / 1000
  const rate = `${(report.step / seconds).toFixed(0)} steps/s`
  const done = `seed ${seed} ${report.engine}: ${report.step} steps, ${report.events} events`
  say(`${done}, ${(report.virtualMs / 60_000).toFixed(1)} virtual minutes, ${rate}, trace ${report.digest}`)
  if (isTold) for (const [what, count] of [...report.tally].sort()) say(`  ${String(count).padStart(7)} ${what}`)
  if (report.violation === null) return true
  sayViolation(report, { seed, steps, engine })
  return false
}

/** What is needed to see it again: a run ends at its violation, so no more steps than it took. */
function sayViolation(report: SimulationReport, { seed, steps, engine }: Omit<Run, 'isTold'>): void {
  const { violation, step, recent } = report
  for (const line of recent) say(`  ${line}`)
  say(`seed ${seed}, step ${step}: ${violation?.message}`)
  say(`again: npm run sim -- --seed ${seed} --steps ${Math.min(step, steps)}${engine ? ` --engine ${engine}` : ''}`)
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '1' },
      engine: { type: 'string' },
      kill: { type: 'string' },
      tally: { type: 'boolean', default: false },
    },
  })
  if (values.kill !== undefined) {
    const rounds = wholeNumber(values.kill, 'kill')
    const { acknowledged } = await killAtRandom(rounds, (round) => progress(`killed ${round} of ${rounds} times`))
    progress('')
    say(`killed ${rounds} times: ${acknowledged} acknowledged, all there, none twice, roots equal on replay`)
    return true
  }
  const { engine } = values
  if (engine !== undefined && engine !== 'embedded' && engine !== 'replicated') throw new Error(USAGE)
  const first = wholeNumber(values.seed, 'seed')
  const steps = wholeNumber(values.steps, 'steps')
  const runs = wholeNumber(values.runs, 'runs')
  if (runs === 1) return runSeed({ seed: first, steps, engine, isTold: values.tally })
  let good = true
  for (let seed = first; seed < first + runs; seed++) {
    // A process for each: what nodes leave behind in theirs when they die adds up.
    const options = ['--seed', String(seed), '--steps', String(steps), ...(engine ? ['--engine', engine] : [])]
    const self = fileURLToPath(import.meta.url)
    const { status } = spawnSync(process.execPath, [self, ...options], { stdio: 'inherit' })
    good = status === 0 && good
  }
  return good
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

/**
 * `npm test`: the checks, then the tests that stand beside the code, two files at a time, then the end-to-end tests of
 * the folder test/, one at a time. `npm test -- words` runs only the test files whose path holds one of the words, and
 * no checks.
 */
import { globSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { check } from './check.mjs'
import { buildPortal } from './portal.mjs'

const STAGES = [
  {
    files: [
      '{packages,apps}/*/{src,test}/**/*.test.ts',
      '{packages,apps}/*/*.test.ts',
      'bench/*.test.ts',
      'tools/*.test.mjs',
    ],
    concurrency: 2,
    timeoutMs: 300_000,
  },
  { files: ['test/**/*.test.ts'], concurrency: 1, timeoutMs: 900_000 },
]

const skipFolder = (name) => name === 'node_modules'
const total = { passed: 0, failed: 0, skipped: 0, files: 0 }

/** Runs one stage: a line for each file as it ends, and every failure with its cause and the file's own output. */
function runStage(files, { concurrency, timeoutMs }) {
  const output = new Map()
  let ended = 0
  const keep = ({ file, message }) => {
    const path = resolve(file)
    output.set(path, (output.get(path) ?? '') + message)
  }
  return new Promise((done) => {
    const stream = run({ files, concurrency, timeout: timeoutMs })
    stream.on('test:stdout', keep).on('test:stderr', keep)
    stream.on('test:fail', ({ name, file, line, details }) => {
      if (details.error?.failureType === 'subtestsFailed') return
      console.log(`FAIL ${name} (${relative('.', file ?? '')}:${line ?? ''})`)
      // A file that ends before its first test has no summary, and its output holds the only explanation.
      const isFile = resolve(name) === file
      console.log(indent(isFile ? (output.get(file) ?? '') : inspect(details.error?.cause ?? details.error)))
    })
    stream.on('test:summary', ({ file, counts, duration_ms: ms, success }) => {
      if (file === undefined) {
        total.passed += counts.passed
        total.failed += counts.failed + counts.cancelled
        total.skipped += counts.skipped + counts.todo
        return
      }
      ended += 1
      const failed = success ? '' : `, ${counts.failed + counts.cancelled} failed`
      const progress = `${ended}/${files.length}`.padStart(7)
      const seconds = (ms / 1000).toFixed(1)
      console.log(
        `${mark(success)} ${progress} ${relative('.', file)}: ${counts.passed} passed${failed} (${seconds} s)`,
      )
      const said = output.get(file) ?? ''
      if (!success) console.log(indent(said))
      // What a file could not test here is no pass, and must be seen.
      else for (const line of said.match(/^left out.*$/gm) ?? []) console.log(indent(line))
    })
    stream.on('end', done).resume()
  })
}

function mark(success) {
  return success ? 'ok  ' : 'FAIL'
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '     ')
}

const startMs = performance.now()
const words = process.argv.slice(2)
const stages = STAGES.map((stage) => ({
  ...stage,
  files: globSync(stage.files, { exclude: skipFolder })
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort(),
}))
total.files = stages.reduce((sum, { files }) => sum + files.length, 0)
if (total.files === 0) {
  console.error('test: no test file matches')
  process.exit(2)
}

buildPortal()
const failedChecks = words.length === 0 ? await check() : 0
for (const { files, ...options } of stages) if (files.length > 0) await runStage(files, options)

const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`
const checks = failedChecks === 0 ? '' : `, ${failedChecks} checks failed`
console.log(`${total.passed} passed, ${total.failed} failed${skipped}${checks} (${total.files} files, ${seconds} s)`)
process.exit(total.failed + failedChecks === 0 && total.passed > 0 ? 0 : 1)

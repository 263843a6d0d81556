/**
 * Checks that the code of consensus is deterministic: `node packages/contracts/lint-determinism.ts` prints each
 * offence as `file:line: message` and exits with 1 when there is any. determinism-rules.ts says what is refused.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CONTRACT_RULES, checkSource, type Finding, FORMAT_RULES } from './determinism-rules.ts'

/** Tests are no part of consensus, nor is the request that a wallet makes to a node, with a nonce of its own. */
const EXCLUDED = ['**/*.test.ts', 'patient-request.ts']

const FOLDERS = [
  { path: join(import.meta.dirname, 'src'), rules: CONTRACT_RULES },
  { path: join(import.meta.dirname, '../core/src/formats'), rules: FORMAT_RULES },
] as const

/** All offences in the contracts and in core's formats. */
export function lintDeterminism(): readonly Finding[] {
  return FOLDERS.flatMap(({ path, rules }) =>
    globSync('**/*.ts', { cwd: path, exclude: EXCLUDED })
      .sort()
      .map((name) => join(path, name))
      .flatMap((file) => checkSource(relative('.', file), readFileSync(file, 'utf8'), rules)),
  )
}

if (import.meta.main) {
  const findings = lintDeterminism()
  for (const { file, line, message } of findings) process.stderr.write(`${file}:${line}: ${message}\n`)
  process.exitCode = findings.length > 0 ? 1 : 0
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTRACT_RULES, checkSource, FORMAT_RULES } from '../determinism-rules.ts'
import { lintDeterminism } from '../lint-determinism.ts'

test('the contracts and the formats of core are deterministic', () => {
  assert.deepEqual(lintDeterminism(), [])
})

const PLANTED = [
  'const now = Date.now()',
  'const now = new Date()',
  'const wait = performance.now()',
  'const r = Math.random()',
  'const { random } = Math',
  "const r = Math['random']()",
  'const root = Math.sqrt(2)',
  'const id = crypto.randomUUID()',
  "import { randomBytes } from '@salus/core'",
  "import * as core from '@salus/core'\nconst id = core.randomBytes(16)",
  'const where = process.env',
  "const page = fetch('https://example.org')",
  'setTimeout(() => {}, 1)',
  'const all = globalThis',
  "const made = eval('1')",
  'const list = new Intl.Collator()',
  "const order = 'a'.localeCompare('b')",
  "const order = 'a'['localeCompare']('b')",
  'const printed = (5).toLocaleString()',
  "const lower = 'A'.toLowerCase()",
  "const half = parseFloat('0.5')",
  "const half = Number.parseFloat('0.5')",
  'const half = 0.5',
  'const beyond = 9007199254740992',
  'const half = 1 / 2',
  'let half = () => { let x = 1; x /= 2; return x }',
  'const power = 2 ** 3',
  'const rounded = (5).toFixed(1)',
  'const floats = new Float64Array(1)',
  "import { readFileSync } from 'node:fs'",
  "import { sha256 } from '@noble/hashes/sha2.js'",
  "export * from 'fast-check'",
  "const module = import('./kit.ts')",
  'const here = import.meta.url',
  'let counter = 0',
  'var counter = 0',
  'const weak = new WeakRef({})',
  'const { stack } = new Error()',
]

test('each planted offence is found on its line', () => {
  for (const sample of PLANTED) {
    const findings = checkSource('sample.ts', `// first\n${sample}\n`, FORMAT_RULES)
    assert.ok(findings.length > 0, sample)
    assert.ok(findings.every(({ line }) => line > 1))
  }
})

test('a contract may not wait, a format may', () => {
  for (const sample of [
    'const execute = async () => {}',
    'async function execute() {}',
    'const execute = { async execute() {} }',
    'const late = Promise.resolve()',
  ]) {
    assert.ok(checkSource('sample.ts', sample, CONTRACT_RULES).length > 0, sample)
    assert.deepEqual(checkSource('sample.ts', sample, FORMAT_RULES), [], sample)
  }
})

test('comments, text, patterns and members of the same name are no offence', () => {
  const harmless = `
    // Date.now() / Math.random()
    import { decode } from '@salus/core'
    import { table } from './kit.ts'
    const text = 'Date / 0.5'
    const pattern = /a\\/b/
    const row = { process: 1, Date: 2 }
    const read = row.process + row.Date
    const most = Math.max(Math.floor(7), 1_000)
    const rest = 7 % 3
    function local() { let x = 0; x += 1; return x }
  `
  assert.deepEqual(checkSource('sample.ts', harmless, CONTRACT_RULES), [])
})

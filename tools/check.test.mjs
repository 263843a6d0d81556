/** Plants a violation of every rule in a copy of the layout and sees the dependency rules report exactly it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')

/** Each planted file, what it imports, and the rule that must say so; undefined where none must. A cycle is told once. */
const IMPORTS = [
  ['packages/core/src/a.ts', '../../proof/src/index.ts', 'arrow-core'],
  ['packages/contracts/src/a.ts', '../../ledger/src/index.ts', 'arrow-contracts'],
  ['packages/proof/src/a.ts', '../../contracts/src/index.ts', 'arrow-proof'],
  ['packages/ledger/src/a.ts', '../../node/src/index.ts', 'arrow-ledger'],
  ['packages/ledger/src/b.ts', '../../proof/src/index.ts', undefined],
  ['packages/node/src/a.ts', '../../sdk/src/index.ts', 'arrow-node'],
  ['packages/sdk/src/a.ts', '../../node/src/index.ts', 'arrow-sdk'],
  ['packages/sdk/src/b.ts', '../../contracts/src/index.ts', undefined],
  ['packages/sdk/src/c.ts', '../../core/src/hash.ts', 'public-entry-only'],
  ['packages/sim/src/a.ts', '../../node/src/index.ts', undefined],
  ['apps/portal/src/a.ts', '../../../packages/node/src/index.ts', 'arrow-portal'],
  ['apps/cli/src/a.ts', '../../../packages/sim/src/index.ts', 'sim-does-not-ship'],
  ['apps/cli/src/demo.ts', '../../../packages/sim/src/index.ts', undefined],
  ['packages/node/src/api/a.ts', '../consent/mint.ts', 'permits-are-minted-in-consent'],
  ['packages/node/src/api/a.test.ts', '../consent/mint.ts', undefined],
  ['packages/node/src/consent/a.ts', './mint.ts', undefined],
  ['packages/node/src/api/b.ts', '../vault/reader.ts', 'bodies-stay-in-the-vault'],
  ['packages/node/src/api/c.ts', '../vault/vault.ts', undefined],
  ['packages/node/src/outbox/a.ts', '../vault/reader.ts', 'bodies-stay-in-the-vault'],
  ['packages/node/src/node.ts', './vault/reader.ts', undefined],
  ['packages/core/src/b.ts', './c.ts', 'no-cycles'],
  ['packages/core/src/c.ts', './b.ts', undefined],
  ['packages/core/src/d.ts', './absent.ts', 'unresolved'],
  ['packages/core/src/e.ts', 'undeclared', 'undeclared-dependency'],
]

const TARGETS = [
  ...['core', 'contracts', 'ledger', 'proof', 'node', 'sdk', 'sim'].map((name) => `packages/${name}/src/index.ts`),
  'packages/core/src/hash.ts',
  'packages/node/src/consent/mint.ts',
  'packages/node/src/vault/vault.ts',
  'packages/node/src/vault/reader.ts',
  'node_modules/undeclared/index.js',
]

const folder = mkdtempSync(join(tmpdir(), 'salus-arrows-'))
after(() => rmSync(folder, { recursive: true }))

function plant(file, text) {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

test('the dependency rules report every planted violation, and nothing that is allowed', () => {
  for (const file of TARGETS) plant(file, 'export const x = 1\n')
  for (const [file, target] of IMPORTS) plant(file, `import * as x from '${target}'\nexport const y = x\n`)
  plant('node_modules/undeclared/package.json', '{ "name": "undeclared", "version": "1.0.0", "main": "index.js" }')
  plant('package.json', '{ "name": "planted", "type": "module" }')
  cpSync(join(ROOT, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'))
  cpSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'))

  const args = [CRUISER, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'packages', 'apps']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  assert.ok(stdout.startsWith('{'), stderr)
  const found = JSON.parse(stdout).summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`)
  const planted = IMPORTS.filter(([, , rule]) => rule !== undefined).map(([file, , rule]) => `${file}: ${rule}`)
  assert.deepEqual(found.sort(), planted.sort())
})

/** Every bound of the node is explained to those who run one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as limits from './limits.ts'

const text = readFileSync(new URL('../../../docs/operating/limits.md', import.meta.url), 'utf8')
const page = text.slice(text.indexOf('## Node'), text.indexOf('## Ledger and formats'))

test('docs/operating/limits.md names every limit, and none that is gone', () => {
  const named = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1] as string)
  assert.deepEqual(named.sort(), Object.keys(limits).sort())
})

test('docs/operating/limits.md has their values', () => {
  const rows = new Map([...page.matchAll(/^\| `([A-Z_]+)` \| ([0-9,]+) /gm)].map(([, name, value]) => [name, value]))
  const written = Object.fromEntries(Object.keys(limits).map((name) => [name, rows.get(name)?.replaceAll(',', '')]))
  const actual = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)]))
  assert.deepEqual(written, actual)
})

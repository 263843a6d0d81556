import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { contractsPage, SPEC_FILE } from '../write-spec.ts'

test('the committed page is what the definitions say', () => {
  assert.equal(readFileSync(SPEC_FILE, 'utf8'), contractsPage(), 'run: node packages/contracts/write-spec.ts')
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateCodes } from './generate-codes.ts'

test('codes.ts is what the FHIR R4 definitions say', () => {
  assert.equal(readFileSync(new URL('codes.ts', import.meta.url), 'utf8'), generateCodes())
})

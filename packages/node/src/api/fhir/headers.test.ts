import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNotModified, parseEtag, parsePrefer, requireJson } from './headers.ts'

test('entity tags are weak or strong and hold a version id', () => {
  assert.equal(parseEtag('W/"3"'), '3')
  assert.equal(parseEtag(' "3" '), '3')
  for (const bad of ['3', 'W/3', '*', 'W/"a b"', '']) assert.throws(() => parseEtag(bad), { code: 'header-malformed' })
})

test('If-None-Match precedes If-Modified-Since, which counts in seconds', () => {
  const current = { version: '2', lastUpdatedMs: Date.parse('2026-01-01T00:00:00.500Z') }
  assert.equal(isNotModified('W/"1", W/"2"', undefined, current), true)
  assert.equal(isNotModified('W/"1"', 'Fri, 01 Jan 2100 00:00:00 GMT', current), false)
  assert.equal(isNotModified(undefined, 'Wed, 31 Dec 2025 23:59:59 GMT', current), false)
  assert.equal(isNotModified(undefined, 'Thu, 01 Jan 2026 00:00:00 GMT', current), true)
  assert.equal(isNotModified(undefined, 'Thu, 01 Jan 2026 00:00:01 GMT', current), true)
  assert.equal(isNotModified(undefined, 'yesterday', current), false)
})

test('Prefer takes what it knows', () => {
  assert.deepEqual(parsePrefer(undefined), { return: undefined, handling: 'lenient' })
  assert.deepEqual(parsePrefer('handling=strict, return=minimal'), { return: 'minimal', handling: 'strict' })
  assert.deepEqual(parsePrefer('return="OperationOutcome";x=1'), { return: 'OperationOutcome', handling: 'lenient' })
  assert.equal(parsePrefer('return=minimalist').return, undefined)
})

test('only JSON of R4 can be had', () => {
  for (const accept of [
    undefined,
    '*/*',
    'application/fhir+json; fhirVersion=4.0',
    'text/html, application/json;q=0.1',
  ]) {
    requireJson(accept, undefined)
  }
  for (const accept of ['application/fhir+xml', 'application/fhir+json;fhirVersion=5.0', 'application/json;q=0']) {
    assert.throws(() => requireJson(accept, undefined), { code: 'format-not-supported' })
  }
  requireJson('application/fhir+xml', 'json')
  assert.throws(() => requireJson('application/json', 'xml'), { code: 'format-not-supported' })
})

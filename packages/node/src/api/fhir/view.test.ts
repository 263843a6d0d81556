import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseView, showResource } from './view.ts'

const OBSERVATION =
  '{"resourceType":"Observation","id":"1","meta":{"versionId":"1"},"text":{"status":"empty","div":"<div/>"},' +
  '"status":"final","code":{"text":"weight"},"valueQuantity":{"value":70.50},"note":[{"text":"n"}]}'

function shown(query: string): unknown {
  return Object.keys(JSON.parse(showResource(OBSERVATION, parseView(new URLSearchParams(query)))) as object)
}

test('a whole resource is the very text', () => {
  assert.equal(showResource(OBSERVATION, parseView(new URLSearchParams(''))), OBSERVATION)
})

test('_summary and _elements keep what the standard says, and what is mandatory', () => {
  const base = ['resourceType', 'id', 'meta']
  assert.deepEqual(shown('_summary=true'), [...base, 'status', 'code', 'valueQuantity'])
  assert.deepEqual(shown('_summary=text'), [...base, 'text', 'status', 'code'])
  assert.deepEqual(shown('_summary=data'), [...base, 'status', 'code', 'valueQuantity', 'note'])
  assert.deepEqual(shown('_elements=note'), [...base, 'status', 'code', 'note'])
  assert.deepEqual(shown('_elements=Observation.value'), [...base, 'status', 'code', 'valueQuantity'])
  assert.throws(() => shown('_summary=some'), { code: 'query-summary-unknown' })
})

test('a subset is marked, and numbers keep their spelling', () => {
  const text = showResource(OBSERVATION, parseView(new URLSearchParams('_summary=data')))
  assert.match(text, /"value":70\.50\}/)
  assert.equal((JSON.parse(text) as { meta: { tag: { code: string }[] } }).meta.tag[0]?.code, 'SUBSETTED')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateTimeSpan } from './fhir-time.ts'

test('a dateTime spans all that its precision leaves open', () => {
  const span = (text: string): readonly string[] | null => {
    const found = dateTimeSpan(text)
    return found && [found.startMs, found.endMs].map((timeMs) => new Date(timeMs).toISOString())
  }
  assert.deepEqual(span('2024'), ['2024-01-01T00:00:00.000Z', '2024-12-31T23:59:59.999Z'])
  assert.deepEqual(span('2024-02'), ['2024-02-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'])
  assert.deepEqual(span('2024-02-29'), ['2024-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z'])
  assert.deepEqual(span('2024-02-29T10:00:00+02:00'), ['2024-02-29T08:00:00.000Z', '2024-02-29T08:00:00.999Z'])
  assert.deepEqual(span('2024-02-29T10:00:00.5Z'), ['2024-02-29T10:00:00.500Z', '2024-02-29T10:00:00.500Z'])
})

test('what is no dateTime has no span', () => {
  const wrong = [
    '',
    '24',
    '2024-13',
    '2024-02-30',
    '2023-02-29',
    '2024-1-1',
    '2024-01-01T10:00:00',
    '2024-01-01T25:00:00Z',
  ]
  for (const text of wrong) assert.equal(dateTimeSpan(text), null, text)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import fc from 'fast-check'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import { EMERGENCY_REASON_MAX } from '../limits.ts'
import { readPurpose } from './purpose.ts'

const code = (value: string) => ({ system: PURPOSE_SYSTEM, code: value })

test('treatment is the default; a code or system|code says otherwise', () => {
  assert.deepEqual(readPurpose(undefined, undefined), { code: code('TREAT'), emergency: null })
  assert.deepEqual(readPurpose('HRESCH', undefined), { code: code('HRESCH'), emergency: null })
  assert.deepEqual(readPurpose('urn:x|y', undefined), { code: { system: 'urn:x', code: 'y' }, emergency: null })
})

test('a reason makes emergency access of treatment, and of nothing else', () => {
  const expected = { code: code('BTG'), emergency: 'a fall' }
  assert.deepEqual(readPurpose(undefined, ' a fall '), expected)
  assert.deepEqual(readPurpose('TREAT', 'a fall'), expected)
  assert.deepEqual(readPurpose('BTG', 'a fall'), expected)
  assert.throws(() => readPurpose('HRESCH', 'a fall'), { code: 'purpose-malformed' })
})

test('emergency access without a stated reason is refused', () => {
  assert.throws(() => readPurpose('BTG', undefined), { code: 'emergency-reason-required' })
  assert.throws(() => readPurpose(undefined, '  '), { code: 'emergency-reason-required' })
  const long = 'x'.repeat(EMERGENCY_REASON_MAX + 1)
  for (const reason of [long, 'a\r\nb', 'a\u0000b']) {
    assert.throws(() => readPurpose('BTG', reason), { code: 'emergency-reason-malformed' })
  }
})

test('whatever the headers hold, the answer is a purpose or a typed error', () => {
  fc.assert(
    fc.property(
      fc.option(fc.string(), { nil: undefined }),
      fc.option(fc.string(), { nil: undefined }),
      (purpose, reason) => {
        try {
          const read = readPurpose(purpose, reason)
          assert.equal(read.emergency !== null, read.code.system === PURPOSE_SYSTEM && read.code.code === 'BTG')
        } catch (error) {
          assert.ok(isSalusError(error))
        }
      },
    ),
  )
})

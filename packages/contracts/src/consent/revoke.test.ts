import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash, id, MemoryLedger, testKey } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, consent, consents, grant, replace, revoke } from '../index.ts'

const controller = testKey('controller')
const revoking = call(consent, revoke, { consentId: id('a') })

function granted(): MemoryLedger {
  const ledger = new MemoryLedger()
  const expiresAtMs = ledger.timeMs + 1000
  const code = ledger.apply(
    controller,
    call(consent, grant, { consentId: id('a'), commitment: hash('a'), expiresAtMs }),
  )
  assert.equal(code, null)
  return ledger
}

test('the controller ends the consent at the time of the block', () => {
  const ledger = granted()
  const before = consents.get(ledger.state, id('a'))
  ledger.timeMs += 10
  assert.equal(ledger.apply(controller, revoking), null)
  assert.deepEqual(consents.get(ledger.state, id('a')), { ...before, status: 'revoked', endedAtMs: ledger.timeMs })
})

test('a consent past its expiry can still be revoked', () => {
  const ledger = granted()
  ledger.timeMs += 1_000_000
  assert.equal(ledger.apply(controller, revoking), null)
})

test('a replaced consent is not active', () => {
  const replacement = { consentId: id('a'), newConsentId: id('b'), commitment: hash('b'), expiresAtMs: null }
  const ledger = granted()
  assert.equal(ledger.apply(controller, call(consent, replace, replacement), revoking), 'consent-not-active')
})

testRefusals(revoke, {
  'consent-unknown': () => new MemoryLedger().apply(controller, revoking),
  'not-the-controller': () => granted().apply(testKey('another'), revoking),
  'consent-not-active': () => granted().apply(controller, revoking, revoking),
})

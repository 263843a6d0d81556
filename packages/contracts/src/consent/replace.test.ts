import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash, id, MemoryLedger, testKey } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, consent, consents, grant, replace, revoke } from '../index.ts'

const controller = testKey('controller')
const revoking = call(consent, revoke, { consentId: id('a') })

function replacing(newName: string, expiresAtMs: number | null = null) {
  const args = { consentId: id('a'), newConsentId: id(newName), commitment: hash(newName), expiresAtMs }
  return call(consent, replace, args)
}

function granted(): MemoryLedger {
  const ledger = new MemoryLedger()
  const args = { consentId: id('a'), commitment: hash('a'), expiresAtMs: null }
  assert.equal(ledger.apply(controller, call(consent, grant, args)), null)
  return ledger
}

test('ends the old consent and grants the new one at once, under the same key', () => {
  const ledger = granted()
  const before = consents.get(ledger.state, id('a'))
  ledger.timeMs += 10
  const { timeMs } = ledger
  assert.equal(ledger.apply(controller, replacing('b', timeMs + 1)), null)
  const ended = { status: 'replaced', endedAtMs: timeMs, replacedBy: id('b') }
  assert.deepEqual(consents.get(ledger.state, id('a')), { ...before, ...ended })
  assert.deepEqual(consents.get(ledger.state, id('b')), {
    commitment: hash('b'),
    controller: controller.publicKey,
    status: 'active',
    grantedAtMs: timeMs,
    expiresAtMs: timeMs + 1,
    endedAtMs: null,
    replacedBy: null,
  })
})

test('a consent cannot replace itself', () => {
  assert.equal(granted().apply(controller, replacing('a')), 'consent-exists')
})

test('a refused replacement leaves the old consent in force', () => {
  const ledger = granted()
  const before = ledger.dump()
  assert.equal(ledger.apply(controller, replacing('b', ledger.timeMs)), 'consent-expiry-past')
  assert.deepEqual(ledger.dump(), before)
})

testRefusals(replace, {
  'consent-unknown': () => new MemoryLedger().apply(controller, replacing('b')),
  'not-the-controller': () => granted().apply(testKey('another'), replacing('b')),
  'consent-not-active': () => granted().apply(controller, revoking, replacing('b')),
  'consent-exists': () => granted().apply(controller, replacing('a')),
  'consent-expiry-past': () => granted().apply(controller, replacing('b', 1)),
})

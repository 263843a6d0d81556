import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash, id, MemoryLedger, testKey } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, consent, consents, grant } from '../index.ts'

const controller = testKey('controller')

function granting(name: string, expiresAtMs: number | null = null) {
  return call(consent, grant, { consentId: id(name), commitment: hash(name), expiresAtMs })
}

test('the signer controls the consent, which is active from the time of the block', () => {
  const ledger = new MemoryLedger()
  const expiresAtMs = ledger.timeMs + 1
  assert.equal(ledger.apply(controller, granting('a', expiresAtMs)), null)
  assert.deepEqual(consents.get(ledger.state, id('a')), {
    commitment: hash('a'),
    controller: controller.publicKey,
    status: 'active',
    grantedAtMs: ledger.timeMs,
    expiresAtMs,
    endedAtMs: null,
    replacedBy: null,
  })
})

test('a passkey can grant', () => {
  const ledger = new MemoryLedger()
  const passkey = { scheme: 'webauthn-es256', bytes: new Uint8Array(65).fill(4) } as const
  assert.equal(ledger.apply(passkey, granting('a')), null)
  assert.deepEqual(consents.get(ledger.state, id('a'))?.controller, passkey)
})

testRefusals(grant, {
  'consent-exists': () => new MemoryLedger().apply(controller, granting('a'), granting('a')),
  'consent-expiry-past': () => {
    const ledger = new MemoryLedger()
    return ledger.apply(controller, granting('a', ledger.timeMs))
  },
})

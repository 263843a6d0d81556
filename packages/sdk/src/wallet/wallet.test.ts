import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64url, isSalusError, toBase64url, toHex, verifySignature } from '@salus/core'
import fc from 'fast-check'
import { createWallet, openWallet, recoveryCode, saveWallet, Wallet, walletFromRecoveryCode } from './index.ts'
import { RECOVERY_GAP, type RecoverableConsent } from './wallet.ts'

/** Cheap enough to open thousands of files. */
const COST = { N: 2, r: 1, p: 1 }
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i)
const CUSTODIAN = '0'.repeat(32)
const fails =
  (...codes: string[]) =>
  (error: unknown) =>
    codes.some((code) => isSalusError(error, code))

function consentOf(wallet: Wallet, index: number) {
  const id = toHex(wallet.consentKeys(index).id)
  return { id, index, custodian: CUSTODIAN, document: '{}', salt: 'c2FsdA', status: 'active' as const }
}

function heldOf(wallet: Wallet, index: number): RecoverableConsent {
  const { index: _, ...consent } = consentOf(wallet, index)
  return { ...consent, controller: wallet.consentKeys(index).controller.publicKey }
}

const enrolment = {
  custodian: CUSTODIAN,
  url: 'https://riverside.example',
  fhir: 'https://riverside.example/fhir',
  patient: 'Patient/1',
  fileId: 'f'.repeat(32),
}

test('keys follow from the secret: vectors', () => {
  const wallet = new Wallet(SECRET)
  assert.deepEqual(
    {
      identity: toHex(wallet.identity(CUSTODIAN).publicKey.bytes),
      controllers: [0, 1].map((n) => toHex(wallet.consentKeys(n).controller.publicKey.bytes)),
      ids: [0, 1].map((n) => toHex(wallet.consentKeys(n).id)),
      backup: toHex(wallet.backupKey()),
    },
    VECTORS,
  )
})

test('a saved wallet opens to what it was, and signs alike', async () => {
  const made = createWallet()
  const wallet = made.withEnrolment(enrolment).withConsent(consentOf(made, 0))
  const opened = await openWallet(await saveWallet(wallet, 'correct horse', COST), 'correct horse')
  assert.deepEqual(opened.state, wallet.state)
  const digest = new Uint8Array(32)
  assert.ok(
    verifySignature(wallet.identity(CUSTODIAN).publicKey, digest, await opened.identity(CUSTODIAN).sign(digest)),
  )
})

test('the default cost opens too; a passphrase may be typed in any Unicode form', async () => {
  const file = await saveWallet(new Wallet(SECRET), 'pâté')
  assert.equal(JSON.parse(file).kdf.N, 2 ** 17)
  assert.deepEqual((await openWallet(file, 'pa\u0302te\u0301')).exportSecret(), SECRET)
})

test('no part of the secret or of the content stands in the file or in a printed wallet', async () => {
  const wallet = new Wallet(SECRET).withEnrolment(enrolment)
  const file = await saveWallet(wallet, 'x', COST)
  assert.ok(!file.includes('Patient') && !file.includes(toBase64url(SECRET)))
  assert.ok(!JSON.stringify(wallet).includes(toBase64url(SECRET)))
  const again = await saveWallet(wallet, 'x', COST)
  assert.notEqual(JSON.parse(file).kdf.salt, JSON.parse(again).kdf.salt)
  assert.notEqual(JSON.parse(file).cipher.nonce, JSON.parse(again).cipher.nonce)
})

test('a wrong or empty passphrase is refused', async () => {
  const file = await saveWallet(new Wallet(SECRET), 'right', COST)
  await assert.rejects(openWallet(file, 'wrong'), fails('wallet-passphrase'))
  await assert.rejects(openWallet(file, ''), fails('wallet-passphrase'))
  await assert.rejects(saveWallet(new Wallet(SECRET), '', COST), fails('wallet-passphrase'))
})

test('a hostile file cannot ask for memory or time without bound', async () => {
  const file = JSON.parse(await saveWallet(new Wallet(SECRET), 'x', COST))
  const kdfs = [{ N: 2 ** 30 }, { N: 2 ** 53 }, { N: 2 ** 20, r: 8 }, { N: 3 }, { N: 1 }, { r: 2 ** 20 }, { p: 5 }]
  for (const change of [...kdfs, { N: 0.5 }, { N: -2 }, { N: '2' }, { salt: '' }, { name: 'pbkdf2' }, { extra: 1 }]) {
    const hostile = JSON.stringify({ ...file, kdf: { ...file.kdf, ...change } })
    await assert.rejects(openWallet(hostile, 'x'), fails('wallet-malformed'), JSON.stringify(change))
  }
})

test('any changed byte of the file fails with a typed error', async () => {
  const text = await saveWallet(new Wallet(SECRET).withEnrolment(enrolment), 'x', COST)
  const { kdf } = JSON.parse(text)
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (at, flip) => {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ flip) + text.slice(at + 1)
      try {
        const opened = await openWallet(changed, 'x')
        // White space between JSON tokens is the one thing that may change.
        assert.deepEqual(JSON.parse(changed), JSON.parse(text))
        assert.deepEqual(opened.exportSecret(), SECRET)
      } catch (error) {
        assert.ok(fails('wallet-malformed', 'wallet-passphrase')(error), String(error))
      }
    }),
    { numRuns: 500 },
  )
  assert.equal(kdf.N, COST.N)
})

test('arbitrary text is no wallet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await assert.rejects(openWallet(text, 'x'), fails('wallet-malformed'))
    }),
  )
  await assert.rejects(openWallet('['.repeat(100_000), 'x'), fails('wallet-malformed'))
})

test('the recovery code restores the wallet, however it is typed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
      const code = recoveryCode(new Wallet(secret))
      assert.equal(code.split(' ').length, 24)
      const typed = `  ${code.toUpperCase().replaceAll(' ', '\n ')} `
      assert.deepEqual(walletFromRecoveryCode(typed).exportSecret(), secret)
    }),
  )
})

test('a code that is not one is refused, and its words are not quoted', () => {
  const words = recoveryCode(new Wallet(SECRET)).split(' ')
  const codes = [
    '',
    'abandon',
    words.slice(0, 23).join(' '),
    words.toReversed().join(' '),
    words.with(3, 'xyzzy').join(' '),
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  ]
  for (const code of codes) {
    assert.throws(
      () => walletFromRecoveryCode(code),
      (error) => fails('recovery-code-invalid')(error) && !/xyzzy|abandon/.test(String((error as Error).message)),
    )
  }
})

test('a recovered wallet finds its own consents again, and only those', () => {
  const lost = new Wallet(SECRET)
  const held = [0, 1, 5, 5 + RECOVERY_GAP].map((index) => heldOf(lost, index))
  const foreign = heldOf(createWallet(), 0)
  const forged = { ...heldOf(lost, 2), controller: foreign.controller }
  const found = walletFromRecoveryCode(recoveryCode(lost)).withRecoveredConsents([...held, foreign, forged])
  assert.deepEqual(
    found.state.consents.map(({ index }) => index),
    [0, 1, 5, 5 + RECOVERY_GAP],
  )
  assert.equal(found.state.nextIndex, 6 + RECOVERY_GAP)
  assert.equal(lost.withRecoveredConsents([heldOf(lost, RECOVERY_GAP)]).state.consents.length, 0)
})

test('later states of a consent or an enrolment take the place of earlier ones', () => {
  const wallet = new Wallet(SECRET)
  const consent = consentOf(wallet, 4)
  const revoked = wallet.withConsent(consent).withConsent({ ...consent, status: 'revoked' })
  assert.deepEqual(revoked.state.consents, [{ ...consent, status: 'revoked' }])
  assert.equal(revoked.nextConsentKeys().index, 5)
  assert.equal(revoked.consent(consent.id).status, 'revoked')
  const moved = { ...enrolment, url: 'https://new.example' }
  assert.deepEqual(wallet.withEnrolment(enrolment).withEnrolment(moved).enrolment(CUSTODIAN), moved)
  assert.throws(() => wallet.consent('x'), fails('wallet-consent-unknown'))
  assert.throws(() => wallet.enrolment(CUSTODIAN), fails('wallet-not-enrolled'))
})

test('secrets of another length make no wallet', () => {
  assert.throws(() => new Wallet(fromBase64url('AAAA')), fails('wallet-malformed'))
})

/** The seed of the identity, the ids and the backup key were computed by another implementation. */
const VECTORS = {
  identity: '4c69a50e2dba3968bb943cb83831832412e443142f99287f278177a4496f410d',
  controllers: [
    'd88ee74f63a4f13414ec3231f91fc817b10ec76e28f7bfbee1d909126f56d176',
    'f735e25031dc0f99e3edcfcfab1411dc7d334eb10e9dd7fd6bcb87c5c61dd74b',
  ],
  ids: ['7c1a6a4d03e37622acf70097a01044ae', '77e0caf04698c83aaff15d15ddbd3750'],
  backup: '1cd84d2963e5db7dd5c6eb1559c1b28a8f2a00254892959dcd9b418286dcae86',
}

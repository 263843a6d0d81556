import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ed25519Signer, isSalusError, randomBytes } from '@salus/core'
import {
  type Custodian,
  enrol,
  grantOnLedger,
  openCustodian,
  openFileOnLedger,
  revokeOnLedger,
  signConsent,
} from '../../test/consent-custodian.ts'
import { actor, type Json, reason, request } from '../../test/consents.ts'
import { ledgerDecider } from './decider.ts'
import type { ConsentDocuments } from './documents.ts'

const PERMIT: Json = { type: 'permit', purpose: [reason('TREAT')] }

async function setUp(t: TestContext) {
  const custodian = await openCustodian()
  t.after(() => custodian.close())
  return { custodian, patient: await enrol(custodian, 'p'), documents: await custodian.load() }
}

/** The reason of the decision on Lakeside's request for the patient's record. */
function asked(custodian: Custodian, documents: ConsentDocuments, patients: readonly string[] = ['p']): string {
  const { id, recipient, ledger } = custodian
  const wanted = request({ requester: recipient, custodian: id, timeMs: Date.now() })
  const decision = ledgerDecider(ledger, documents.index).decide(wanted, patients)
  if (decision.decision === 'deny') return decision.reason
  return [...decision.files.values()].map((file) => file.reason).join()
}

function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => isSalusError(error, code)
}

test('a consent is in force once accepted, and after a restart', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const signed = await signConsent(PERMIT, patient)
  assert.equal(asked(custodian, documents), 'no-consent')
  await assert.rejects(documents.accept(signed), refusedWith('consent-unknown'))
  await grantOnLedger(custodian.ledger, signed)
  assert.equal(asked(custodian, documents), 'no-consent')
  await documents.accept(signed)
  await documents.accept(signed)
  assert.equal(asked(custodian, documents), 'consent')
  assert.equal(asked(custodian, documents, []), 'consent')
  const again = await custodian.load()
  assert.equal(asked(custodian, again), 'consent')
  assert.deepEqual(custodian.reports, [])
  const [held] = await again.ofPatient('p')
  const { consentId, document, salt, controller, binding } = signed
  assert.deepEqual(held, { consentId, document, salt, controller, binding })
})

test('a revocation acts from its block on, also before the index has notice of the block', async (t) => {
  const custodian = await openCustodian()
  t.after(() => custodian.close())
  const patient = await enrol(custodian, 'p')
  const seen: string[] = []
  const ask = () => seen.push(asked(custodian, documents))
  const stopEarlier = custodian.ledger.onBlock(ask)
  const documents = await custodian.load()
  const stopLater = custodian.ledger.onBlock(ask)
  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  await documents.accept(signed)
  assert.equal(asked(custodian, documents), 'consent')
  await revokeOnLedger(custodian.ledger, signed)
  assert.deepEqual(seen, ['no-consent', 'no-consent', 'no-consent', 'no-consent'])
  stopEarlier()
  stopLater()
  await assert.rejects(documents.accept(signed), refusedWith('consent-ended'))
  assert.equal(asked(custodian, await custodian.load()), 'no-consent')
  assert.deepEqual(custodian.reports, [])
})

test('a revocation acts after many blocks without consents, and whoever asked in between', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const [kept, revoked] = [await signConsent(PERMIT, patient), await signConsent(PERMIT, await enrol(custodian, 'q'))]
  for (const signed of [kept, revoked]) {
    await grantOnLedger(custodian.ledger, signed)
    await documents.accept(signed)
  }
  for (let i = 0; i < 3; i++) {
    await openFileOnLedger(custodian)
    assert.equal(asked(custodian, documents, ['p', 'q']), 'consent,consent')
  }
  await revokeOnLedger(custodian.ledger, revoked)
  assert.equal(asked(custodian, documents), 'consent')
  assert.equal(asked(custodian, documents, ['q']), 'no-consent')
  await openFileOnLedger(custodian)
  assert.equal(asked(custodian, documents, ['p', 'q']), 'consent,no-consent')
})

test('a consent ends when the expiry on the ledger comes', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const signed = await signConsent(PERMIT, patient)
  const expiresAtMs = Date.now() + 60_000
  await grantOnLedger(custodian.ledger, signed, expiresAtMs)
  await documents.accept(signed)
  assert.equal(documents.index.live('p', expiresAtMs - 1).length, 1)
  assert.equal(documents.index.live('p', expiresAtMs).length, 0)
})

test('nobody but the patient can make a consent', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const forged = await signConsent(PERMIT, { file: patient.file, identity: ed25519Signer(randomBytes(32)) })
  await grantOnLedger(custodian.ledger, forged)
  await assert.rejects(documents.accept(forged), refusedWith('consent-binding-invalid'))

  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  const widened = { ...signed, document: signed.document.replace('TREAT', 'HRESCH') }
  await assert.rejects(documents.accept(widened), refusedWith('consent-commitment-mismatch'))
  await assert.rejects(
    documents.accept({ ...signed, salt: randomBytes(16) }),
    refusedWith('consent-commitment-mismatch'),
  )
  const controller = ed25519Signer(randomBytes(32)).publicKey
  await assert.rejects(documents.accept({ ...signed, controller }), refusedWith('consent-controller-mismatch'))
  const other = await enrol(custodian, 'q')
  await assert.rejects(documents.accept({ ...signed, file: other.file }), refusedWith('consent-binding-invalid'))
  assert.equal(asked(custodian, documents), 'no-consent')
})

test('a document about another patient or for another custodian is refused', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const cases: readonly (readonly [string, Json])[] = [
    ['consent-patient-mismatch', { patient: { reference: 'Patient/q' } }],
    ['consent-custodian-mismatch', { organization: [{ reference: `Organization/${custodian.recipient}` }] }],
    ['consent-not-active', { status: 'inactive' }],
  ]
  for (const [code, more] of cases) {
    const signed = await signConsent(PERMIT, patient, more)
    await grantOnLedger(custodian.ledger, signed)
    await assert.rejects(documents.accept(signed), refusedWith(code))
  }
})

test('a document that was changed in the database is not used, and is reported', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  await documents.accept(signed)
  const widened = signed.document.replace('"permit"', '"permit" ')
  await custodian.database.write((transaction) =>
    transaction.run('UPDATE consent_document SET document = ?', [widened]),
  )
  assert.equal(asked(custodian, await custodian.load()), 'no-consent')
  const cause = 'consent-commitment-mismatch'
  assert.deepEqual(
    custodian.reports.map(({ code, details }) => [code, details]),
    [['consent-tampered', { consentId: signed.consentId, cause }]],
  )
  await documents.accept(signed)
  assert.equal(asked(custodian, await custodian.load()), 'consent')
})

test('a document moved to another patient in the database is not used', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  await enrol(custodian, 'q')
  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  await documents.accept(signed)
  await custodian.database.write((transaction) => transaction.run("UPDATE consent_document SET patient = 'q'"))
  assert.equal(asked(custodian, await custodian.load(), ['p', 'q']), 'no-consent')
  assert.equal(custodian.reports[0]?.details.cause, 'consent-binding-invalid')
})

test('a new key of the patient ends what the earlier key had bound', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  await documents.accept(signed)
  await custodian.files.enrol('p', ed25519Signer(randomBytes(32)).publicKey)
  assert.equal(asked(custodian, documents), 'no-consent')
})

test('the index finds the patients of a request over every record', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const other = await enrol(custodian, 'q')
  const named = await signConsent({ ...PERMIT, actor: [actor(`Organization/${custodian.recipient}`)] }, patient)
  const denied = await signConsent({ type: 'deny' }, other)
  for (const signed of [named, denied]) {
    await grantOnLedger(custodian.ledger, signed)
    await documents.accept(signed)
  }
  assert.deepEqual([...documents.index.permitting(custodian.recipient, null)], ['p'])
  assert.deepEqual([...documents.index.permitting(custodian.id, 'Practitioner/alice')], [])
  assert.deepEqual([...documents.index.denying(custodian.id, 'Practitioner/alice')], ['q'])
})

test('the consents of one patient are bounded by what they add to a query', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const naming = (name: string): Json => ({
    type: 'permit',
    data: Array.from({ length: 200 }, (_, i) => ({
      meaning: 'instance',
      reference: { reference: `Observation/${name}-${i}` },
    })),
  })
  for (const name of ['a', 'b', 'c']) {
    const signed = await signConsent(naming(name), patient)
    await grantOnLedger(custodian.ledger, signed)
    if (name === 'c') await assert.rejects(documents.accept(signed), refusedWith('consents-too-many'))
    else await documents.accept(signed)
  }
})

test('erasing a patient deletes documents and salts', async (t) => {
  const { custodian, patient, documents } = await setUp(t)
  const signed = await signConsent(PERMIT, patient)
  await grantOnLedger(custodian.ledger, signed)
  await documents.accept(signed)
  await documents.erase('p')
  assert.deepEqual(await documents.ofPatient('p'), [])
  assert.equal(asked(custodian, documents), 'no-consent')
})

/** Consents as wallets hand them over, at the door of a whole node: what is refused must not reach the ledger. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { consents } from '@salus/contracts'
import { ed25519Signer, fromHex, randomBytes, type Signer, toBase64url } from '@salus/core'
import { grantTransaction, signConsent } from '../../../test/consent-custodian.ts'
import { type Json, reason } from '../../../test/consents.ts'
import type { LivingFile } from '../../consent/verify.ts'
import { openTestNode, type Refusal, type TestNode } from '../../testing/node.ts'

const PERMIT: Json = { type: 'permit', purpose: [reason('TREAT')] }
const identity: Signer = ed25519Signer(randomBytes(32))

let open: TestNode
let file: LivingFile
before(async () => {
  open = await openTestNode()
  await open.asOperator('PUT', '/fhir/Patient/p', { resourceType: 'Patient', id: 'p' }, 'application/fhir+json')
  const key = { scheme: identity.publicKey.scheme, bytes: toBase64url(identity.publicKey.bytes) }
  const body = { patient: 'Patient/p', key }
  const { json } = await open.asOperator<{ fileId: string }>('POST', '/admin/enrolments', body)
  file = { fileId: json.fileId, patient: 'p', identity: identity.publicKey, erased: false }
})
after(() => open.close())

/** Hands over a consent with this provision; resolves to the answer, and to whether the ledger has the consent then. */
async function granted(provision: Json, more: Json = {}) {
  const signed = await signConsent(provision, { file, identity }, more)
  const { ledger } = open.network
  const { consentId, document, salt, controller, binding } = signed
  const body = {
    consentId,
    document,
    salt: toBase64url(salt),
    controller: { scheme: controller.scheme, bytes: toBase64url(controller.bytes) },
    binding: toBase64url(binding),
    transaction: toBase64url(await grantTransaction(ledger, signed)),
  }
  const path = `/patient/files/${file.fileId}/consents`
  const { json } = await open.asPatient<Partial<Refusal>>(identity, 'POST', path, body)
  return { error: json.error, isCommitted: consents.get(ledger, fromHex(consentId)) !== undefined }
}

test('a consent that R4 allows is committed', async () => {
  for (const more of [
    {},
    { sourceReference: undefined, sourceAttachment: { title: 'x' } },
    { policy: undefined, policyRule: { text: 'x' } },
    { dateTime: '2026-02-28T10:00:00+01:00' },
    { dateTime: undefined },
  ]) {
    assert.deepEqual(await granted(PERMIT, more), { error: undefined, isCommitted: true }, JSON.stringify(more))
  }
  const foreign = [{ system: 'http://example.org/purposes', code: 'FOO' }]
  assert.deepEqual(await granted({ ...PERMIT, purpose: foreign }), { error: undefined, isCommitted: true })
})

test('a document that breaks R4’s own rules is refused with its place, and never committed', async () => {
  const backward = { start: '2026-02-01', end: '2026-01-01' }
  const cases: readonly (readonly [path: string, rule: string | undefined, provision: Json, more?: Json])[] = [
    ['Consent.category', undefined, PERMIT, { category: undefined }],
    ['Consent.category', undefined, PERMIT, { category: [] }],
    ['Consent.dateTime', undefined, PERMIT, { dateTime: '2026-13-45' }],
    ['Consent.dateTime', undefined, PERMIT, { dateTime: 'last week' }],
    ['Consent.sourceAttachment', undefined, PERMIT, { sourceAttachment: { title: 'x' } }],
    ['Consent', 'ppc-1', PERMIT, { policy: undefined }],
    ['Consent.provision.period', 'per-1', { ...PERMIT, period: backward }],
    ['Consent.provision.dataPeriod', 'per-1', { ...PERMIT, dataPeriod: backward }],
    ['Consent.provision.provision[0].period', 'per-1', { ...PERMIT, provision: [{ type: 'deny', period: backward }] }],
  ]
  for (const [path, rule, provision, more] of cases) {
    const { error, isCommitted } = await granted(provision, more)
    const details = { path, ...(rule === undefined ? {} : { rule }) }
    assert.deepEqual([error?.code, error?.details, isCommitted], ['consent-malformed', details, false])
  }
})

test('a purpose that R4 does not have is refused wherever it stands, and never committed', async () => {
  for (const provision of [
    { type: 'permit', purpose: [reason('FOO')] },
    { type: 'permit', purpose: [{ code: 'FOO' }] },
    { type: 'permit', purpose: [reason('TREAT'), reason('FOO')] },
    { type: 'deny', purpose: [reason('FOO')] },
    { ...PERMIT, provision: [{ type: 'permit', purpose: [reason('FOO')] }] },
  ]) {
    const { error, isCommitted } = await granted(provision)
    assert.deepEqual([error?.code, isCommitted], ['consent-not-understood', false], JSON.stringify(provision))
  }
})

test('a patch that changes nothing stands in the patient’s log', async () => {
  const logged = async (): Promise<number> => {
    const path = `/patient/files/${file.fileId}/log`
    return (await open.asPatient<{ entries: readonly string[] }>(identity, 'GET', path)).json.entries.length
  }
  const type = 'application/json-patch+json'
  const before = await logged()
  assert.equal((await open.asOperator('PATCH', '/fhir/Patient/p', [], type)).status, 200)
  assert.equal(await logged(), before + 1)
  const fails = [{ op: 'test', path: '/resourceType', value: 'Group' }]
  assert.equal((await open.asOperator('PATCH', '/fhir/Patient/p', fails, type)).status, 422)
  assert.equal(await logged(), before + 2)
})

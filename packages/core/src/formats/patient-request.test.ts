import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isSalusError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { ed25519Signer, verifySignature } from '../keys.ts'
import { parsePatientRequest, patientRequestDigest, signPatientRequest } from './patient-request.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(7))
const asked = { audience: '0'.repeat(32), method: 'GET', path: '/patient/files?a=1', timeMs: 1_700_000_000_000 }

test('what is signed is read back, and the signature holds', async () => {
  const body = new Uint8Array([1, 2, 3])
  const { request, signature } = parsePatientRequest(await signPatientRequest(signer, { ...asked, body }))
  const { nonce, ...rest } = request
  assert.deepEqual(rest, { ...asked, key: signer.publicKey, bodyHash: sha256(body) })
  assert.equal(nonce.length, 16)
  assert.equal(verifySignature(signer.publicKey, patientRequestDigest(request), signature), true)
})

test('two signatures of one request differ in their nonce', async () => {
  const unsigned = { ...asked, body: new Uint8Array(0) }
  assert.notEqual(await signPatientRequest(signer, unsigned), await signPatientRequest(signer, unsigned))
})

test('other text is refused by its code', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((s) => `Salus-Patient ${s}`),
    fc
      .tuple(fc.uint8Array(), fc.uint8Array())
      .map((parts) => `Salus-Patient ${parts.map((b) => Buffer.from(b).toString('base64url')).join('.')}`),
  )
  fc.assert(
    fc.property(text, (value) => {
      assert.throws(
        () => parsePatientRequest(value),
        (error) => isSalusError(error, 'patient-signature-malformed'),
      )
    }),
  )
})

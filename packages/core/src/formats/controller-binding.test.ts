import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, toHex, utf8 } from '../bytes.ts'
import { encodeCbor } from '../cbor.ts'
import { sha256 } from '../hash.ts'
import { consentCommitment, controllerBindingDigest } from './controller-binding.ts'

const salt = new Uint8Array(16).fill(1)
const document = utf8('{"resourceType":"Consent"}')
const binding = {
  fileId: new Uint8Array(16).fill(2),
  consentId: new Uint8Array(16).fill(3),
  controller: { scheme: 'ed25519', bytes: new Uint8Array(32).fill(4) },
  commitment: new Uint8Array(32).fill(5),
} as const

test('commitment and digest are as docs/spec/consent.md spells them', () => {
  const commitment = sha256(concat(utf8('salus/v1/consent-document\0'), salt, document))
  assert.equal(toHex(consentCommitment(salt, document)), toHex(commitment))
  const { fileId, consentId, controller } = binding
  const cbor = encodeCbor([fileId, consentId, [controller.scheme, controller.bytes], binding.commitment])
  const digest = sha256(concat(utf8('salus/v1/controller-binding\0'), cbor))
  assert.equal(toHex(controllerBindingDigest(binding)), toHex(digest))
})

import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, fromBase64url, toBase64url, utf8 } from './bytes.ts'
import { randomBytes, sha256 } from './hash.ts'
import {
  ed25519Signer,
  encodeWebauthnSignature,
  equalKeys,
  type PublicKey,
  SIGNATURE_BYTES_MAX,
  verifySignature,
} from './keys.ts'

const DIGEST = sha256(utf8('what is signed'))

/** An authenticator of the platform: a P-256 key, and assertions as a browser returns them. */
function authenticator() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string }
  const key: PublicKey = {
    scheme: 'webauthn-es256',
    bytes: concat(Uint8Array.of(4), fromBase64url(x), fromBase64url(y)),
  }
  const assert_ = (
    digest: Uint8Array,
    { flags = 0x05, type = 'webauthn.get', challenge = toBase64url(digest) } = {},
  ) => {
    const relyingParty = createHash('sha256').update('salus.example').digest()
    const authenticatorData = concat(relyingParty, Uint8Array.of(flags, 0, 0, 0, 7))
    const clientDataJson = utf8(
      JSON.stringify({ type, challenge, origin: 'https://salus.example', crossOrigin: false }),
    )
    const signed = concat(authenticatorData, sha256(clientDataJson))
    const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return encodeWebauthnSignature({ authenticatorData, clientDataJson, signature: new Uint8Array(signature) })
  }
  return { key, assert: assert_ }
}

test('an Ed25519 signer signs for its key alone', async () => {
  const signer = ed25519Signer(randomBytes(32))
  const signature = await signer.sign(DIGEST)
  assert.equal(verifySignature(signer.publicKey, DIGEST, signature), true)
  assert.equal(verifySignature(signer.publicKey, sha256(DIGEST), signature), false)
  assert.equal(verifySignature(ed25519Signer(randomBytes(32)).publicKey, DIGEST, signature), false)
})

test('a passkey assertion is a signature', () => {
  const passkey = authenticator()
  const signature = passkey.assert(DIGEST)
  assert.ok(signature.length <= SIGNATURE_BYTES_MAX)
  assert.equal(verifySignature(passkey.key, DIGEST, signature), true)
  assert.equal(verifySignature(authenticator().key, DIGEST, signature), false)
  assert.equal(verifySignature(passkey.key, sha256(DIGEST), signature), false)
})

test('an assertion must be of the right type, by a user present and verified, over this digest', () => {
  const { key, assert: make } = authenticator()
  const refused = [
    make(DIGEST, { type: 'webauthn.create' }),
    make(DIGEST, { flags: 0x01 }),
    make(DIGEST, { flags: 0x04 }),
    make(DIGEST, { flags: 0x00 }),
    make(DIGEST, { challenge: toBase64url(sha256(DIGEST)) }),
    make(DIGEST, { challenge: `${toBase64url(DIGEST)}=` }),
  ]
  for (const signature of refused) assert.equal(verifySignature(key, DIGEST, signature), false)
})

test('any changed bit of an assertion is refused, and nothing throws', () => {
  const { key, assert: make } = authenticator()
  const signature = make(DIGEST)
  fc.assert(
    fc.property(fc.nat(signature.length - 1), fc.nat(7), (at, bit) => {
      const changed = signature.with(at, (signature[at] as number) ^ (1 << bit))
      assert.equal(verifySignature(key, DIGEST, changed), false)
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      for (const scheme of ['ed25519', 'webauthn-es256'] as const) {
        assert.equal(verifySignature({ scheme, bytes }, DIGEST, bytes), false)
        assert.equal(verifySignature({ scheme, bytes: key.bytes }, DIGEST, bytes), false)
      }
    }),
  )
})

test('client data that is no object is refused', () => {
  const { key } = authenticator()
  for (const text of ['null', '1', '"x"', '[]', '{', '{}']) {
    const assertion = { authenticatorData: new Uint8Array(37).fill(5), clientDataJson: utf8(text) }
    const signature = encodeWebauthnSignature({ ...assertion, signature: new Uint8Array(64) })
    assert.equal(verifySignature(key, DIGEST, signature), false)
  }
})

test('keys are equal by scheme and bytes', () => {
  const bytes = randomBytes(32)
  assert.ok(equalKeys({ scheme: 'ed25519', bytes }, { scheme: 'ed25519', bytes: bytes.slice() }))
  assert.ok(!equalKeys({ scheme: 'ed25519', bytes }, { scheme: 'webauthn-es256', bytes }))
  assert.ok(!equalKeys({ scheme: 'ed25519', bytes }, { scheme: 'ed25519', bytes: randomBytes(32) }))
})

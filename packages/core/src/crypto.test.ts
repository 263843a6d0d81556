/**
 * Both ends of the signature rule (docs/spec/signatures.md) on ordinary, random and odd input. The odd cases follow
 * "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020): points of small and mixed order, encodings that are
 * not canonical, scalars beyond the group order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { concat, fromHex, toHex, utf8 } from './bytes.ts'
import * as browser from './crypto.browser.ts'
import * as node from './crypto.node.ts'

const { Point } = ed25519
const L = Point.Fn.ORDER
const P = Point.Fp.ORDER
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const message = fc.uint8Array({ maxLength: 100 })

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).reverse()
}

function toInteger(content: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(content).reverse())}`)
}

/** The verdict of both ends, which must be one. */
function verdict(publicKey: Uint8Array, content: Uint8Array, signature: Uint8Array): boolean {
  const atNode = node.ed25519Verify(publicKey, content, signature)
  const inBrowser = browser.ed25519Verify(publicKey, content, signature)
  assert.equal(atNode, inBrowser, `${toHex(publicKey)} ${toHex(content)} ${toHex(signature)}`)
  return atNode
}

function challenge(r: Uint8Array, a: Uint8Array, content: Uint8Array): bigint {
  return toInteger(sha512(concat(r, a, content))) % L
}

/** The eight points whose order divides 8, as multiples of one of order 8. */
const TORSION_8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
const TORSION = Array.from({ length: 8 }, (_, i) => (i === 0 ? Point.ZERO : TORSION_8.multiplyUnsafe(BigInt(i))))

/** RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature. */
const RFC_8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
].map((row) => row.map(fromHex) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array])

test('the vectors of RFC 8032', () => {
  for (const [seed, publicKey, content, signature] of RFC_8032) {
    for (const end of [node, browser]) {
      assert.deepEqual(end.ed25519PublicKey(seed), publicKey)
      assert.deepEqual(end.ed25519Sign(seed, content), signature)
    }
    assert.equal(verdict(publicKey, content, signature), true)
  }
})

test('both ends hash alike', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), (parts) => {
      assert.deepEqual(node.sha256(...parts), browser.sha256(...parts))
    }),
  )
})

test('both ends sign alike, and refuse any changed bit alike', () => {
  fc.assert(
    fc.property(bytes32, message, fc.nat(95), fc.nat(7), (seed, content, at, bit) => {
      const publicKey = node.ed25519PublicKey(seed)
      const signature = node.ed25519Sign(seed, content)
      assert.deepEqual(browser.ed25519Sign(seed, content), signature)
      assert.equal(verdict(publicKey, content, signature), true)
      const changed = concat(publicKey, signature)
      changed[at] = (changed[at] as number) ^ (1 << bit)
      assert.equal(verdict(changed.subarray(0, 32), content, changed.subarray(32)), false)
    }),
    { numRuns: 60 },
  )
})

test('both ends agree on arbitrary input', () => {
  fc.assert(
    fc.property(bytes32, bytes32, bytes32, (publicKey, r, s) => {
      assert.equal(verdict(publicKey, utf8('m'), concat(r, s)), false)
    }),
  )
  assert.equal(verdict(new Uint8Array(31), utf8('m'), new Uint8Array(64)), false)
  assert.equal(verdict(new Uint8Array(32), utf8('m'), new Uint8Array(63)), false)
})

test('public keys of small order are refused, in every encoding', () => {
  const encodings = TORSION.flatMap((point) => {
    const canonical = point.toBytes()
    const y = toInteger(canonical.with(31, (canonical[31] as number) & 0x7f))
    const signs = [0, 0x80]
    const ys = y + P < 2n ** 255n ? [y, y + P] : [y]
    return ys.flatMap((value) => signs.map((sign) => littleEndian(value).map((b, i) => (i === 31 ? b | sign : b))))
  })
  for (const publicKey of encodings) {
    for (const r of encodings) {
      // With s = 0 the equation is R = -kA, which such keys fulfil for a good part of all messages.
      for (let i = 0; i < 8; i++) {
        assert.equal(verdict(publicKey, Uint8Array.of(i), concat(r, new Uint8Array(32))), false)
      }
    }
  }
})

test('mixed order: the equation without cofactor decides, at both ends', () => {
  const counts = { accepted: 0, refused: 0 }
  for (let i = 0; i < 64; i++) {
    const content = Uint8Array.of(i)
    const a = 1n + (toInteger(sha512(content).subarray(0, 32)) % (L - 1n))
    const publicKey = Point.BASE.multiply(a)
      .add(TORSION[i % 8] as InstanceType<typeof Point>)
      .toBytes()
    const nonce = 1n + (a % 1000n)
    const r = Point.BASE.multiply(nonce)
      .add(TORSION[(i >> 3) % 8] as InstanceType<typeof Point>)
      .toBytes()
    const k = challenge(r, publicKey, content)
    const signature = concat(r, littleEndian((nonce + k * a) % L))
    // Holds with the cofactor always; without it only where the parts of small order cancel: T_R + k T_A = 0.
    const expected = (BigInt((i >> 3) % 8) + k * BigInt(i % 8)) % 8n === 0n
    assert.equal(verdict(publicKey, content, signature), expected)
    counts[expected ? 'accepted' : 'refused']++
  }
  assert.ok(counts.accepted > 0 && counts.refused > 0)
})

test('scalars and points have one encoding', () => {
  const [seed, publicKey, content, signature] = RFC_8032[1] as (typeof RFC_8032)[number]
  assert.ok(seed)
  const r = signature.subarray(0, 32)
  const s = toInteger(signature.subarray(32))
  for (let multiple = 1n; s + multiple * L < 2n ** 256n; multiple++) {
    assert.equal(verdict(publicKey, content, concat(r, littleEndian(s + multiple * L))), false)
  }
  assert.equal(verdict(publicKey, content, concat(r, littleEndian(L))), false)
  assert.equal(verdict(publicKey, content, concat(r, littleEndian(L - 1n))), false)
})

test('R of small order is refused even where the equation holds', () => {
  const a = 12345n
  for (const [i, torsion] of TORSION.entries()) {
    // With this key the equation holds for R of small order whenever k T_A = -R.
    const publicKey = Point.BASE.multiply(a).add(torsion).toBytes()
    for (let m = 0; m < 16; m++) {
      const content = Uint8Array.of(i, m)
      for (const point of TORSION) {
        const canonical = point.toBytes()
        for (const r of [canonical, canonical.with(31, (canonical[31] as number) ^ 0x80), littleEndian(1n + P)]) {
          const s = littleEndian((challenge(r, publicKey, content) * a) % L)
          assert.equal(verdict(publicKey, content, concat(r, s)), false)
        }
      }
    }
  }
})

test('public keys that are no points, or not canonical, are refused', () => {
  const signature = RFC_8032[0]?.[3] as Uint8Array
  for (let y = 0n; y < 19n; y++) {
    for (const sign of [0, 0x80]) {
      const encoded = littleEndian(P + y)
      assert.equal(verdict(encoded.with(31, (encoded[31] as number) | sign), utf8(''), signature), false)
    }
  }
  assert.equal(verdict(littleEndian(2n), utf8(''), signature), false)
})

test('P-256: both ends agree, on high s, on odd points and on arbitrary input', () => {
  const verify = (publicKey: Uint8Array, content: Uint8Array, signature: Uint8Array) => {
    const atNode = node.p256Verify(publicKey, content, signature)
    assert.equal(browser.p256Verify(publicKey, content, signature), atNode)
    return atNode
  }
  const n = p256.Point.Fn.ORDER
  const big = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'))
  fc.assert(
    fc.property(bytes32, message, fc.nat(63), (seed, content, at) => {
      const secret = big((BigInt(`0x${toHex(seed)}`) % (n - 1n)) + 1n)
      const publicKey = p256.getPublicKey(secret, false)
      const signature = p256.sign(content, secret, { lowS: true })
      assert.equal(verify(publicKey, content, signature), true)
      const s = BigInt(`0x${toHex(signature.subarray(32))}`)
      assert.equal(verify(publicKey, content, concat(signature.subarray(0, 32), big(n - s))), true)
      assert.equal(verify(publicKey, content, signature.with(at, (signature[at] as number) ^ 1)), false)
      assert.equal(verify(publicKey.with(64, (publicKey[64] as number) ^ 1), content, signature), false)
      assert.equal(verify(publicKey.with(0, 6), content, signature), false)
    }),
    { numRuns: 20 },
  )
  const key = p256.getPublicKey(big(7n), false)
  for (const [r, s] of [
    [0n, 1n],
    [1n, 0n],
    [0n, 0n],
    [n, 1n],
    [1n, n],
  ] as const) {
    assert.equal(verify(key, utf8('m'), concat(big(r), big(s))), false)
  }
})

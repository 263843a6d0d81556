import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from './bytes.ts'
import { isSalusError } from './errors.ts'

const bytes = fc.uint8Array({ maxLength: 200 })
const SPELLINGS = [
  { name: 'hex', write: toHex, read: fromHex, oracle: 'hex', code: 'hex-malformed' },
  { name: 'base64', write: toBase64, read: fromBase64, oracle: 'base64', code: 'base64-malformed' },
  { name: 'base64url', write: toBase64url, read: fromBase64url, oracle: 'base64url', code: 'base64-malformed' },
] as const

for (const { name, write, read, oracle, code } of SPELLINGS) {
  test(`${name}: Node spells the same, and it reads back`, () => {
    fc.assert(
      fc.property(bytes, (content) => {
        assert.equal(write(content), Buffer.from(content).toString(oracle))
        assert.deepEqual(read(write(content)), content)
      }),
    )
  })

  test(`${name}: text that reads is the one spelling of its bytes`, () => {
    const near = fc.tuple(bytes, fc.nat(), fc.string({ maxLength: 2 })).map(([content, at, extra]) => {
      const text = write(content)
      const place = at % (text.length + 1)
      return text.slice(0, place) + extra + text.slice(place + 1)
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        try {
          assert.equal(write(read(text)), text)
        } catch (error) {
          assert.ok(isSalusError(error, code), String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
}

test('other spellings of the same bytes are refused', () => {
  for (const text of ['AA', 'a', '0g', ' 00', '00\n']) {
    assert.throws(
      () => fromHex(text),
      (error) => isSalusError(error, 'hex-malformed'),
    )
  }
  for (const text of ['AA', 'AB==', 'AA= =', 'A A=', 'AA==\n', '_-==', 'A===']) {
    assert.throws(
      () => fromBase64(text),
      (error) => isSalusError(error, 'base64-malformed'),
    )
  }
  for (const text of ['AA==', 'AB', 'A', '+/', 'A\n']) {
    assert.throws(
      () => fromBase64url(text),
      (error) => isSalusError(error, 'base64-malformed'),
    )
  }
})

test('UTF-8 is read strictly, and a byte order mark is kept', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(fromUtf8(utf8(text)), text)))
  assert.equal(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf)), '\ufeff')
  for (const hex of ['ff', 'c0af', 'eda080', 'f4908080', 'e282']) {
    assert.throws(
      () => fromUtf8(fromHex(hex)),
      (error) => isSalusError(error, 'utf8-malformed'),
    )
  }
})

test('joining, equality and order agree with Node', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.deepEqual(concat(a, b), new Uint8Array(Buffer.concat([a, b])))
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0)
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b))
      assert.ok(equalBytes(a, a.slice()))
    }),
  )
})

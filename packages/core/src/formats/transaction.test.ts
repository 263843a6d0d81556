import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equalBytes } from '../bytes.ts'
import { isSalusError, SalusError } from '../errors.ts'
import { ed25519Signer, verifySignature } from '../keys.ts'
import { decode, encode } from '../schema.ts'
import {
  COMMANDS_MAX,
  parseTransaction,
  SignedTransaction,
  signTransaction,
  TRANSACTION_BYTES_MAX,
  TransactionBody,
  transactionId,
} from './transaction.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(7))
const command = { contract: 'record', command: 'anchor', args: [[Uint8Array.of(1), 2, null]] }
const body: TransactionBody = {
  ledgerId: new Uint8Array(32).fill(1),
  signer: signer.publicKey,
  nonce: new Uint8Array(16).fill(2),
  expiresAtMs: 1_790_000_000_000,
  commands: [command, { ...command, command: 'open-file' }],
}
const wire = await signTransaction(body, signer)
const fails = (code: string) => (error: unknown) => isSalusError(error, code)

test('a transaction returns from the wire, and its id is what was signed', () => {
  const transaction = parseTransaction(wire)
  assert.deepEqual(transaction.body, body)
  assert.deepEqual(transaction.id, transactionId(encode(TransactionBody, body)))
  assert.ok(verifySignature(transaction.body.signer, transaction.id, transaction.signature))
})

test('the signature is no part of the id', () => {
  const { body: encoded } = decode(SignedTransaction, wire)
  const other = encode(SignedTransaction, { body: encoded, signature: new Uint8Array(64) })
  assert.deepEqual(parseTransaction(other).id, parseTransaction(wire).id)
})

test('every changed byte makes another transaction, an invalid one, or a typed error', () => {
  for (let at = 0; at < wire.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      try {
        const changed = parseTransaction(wire.with(at, (wire[at] as number) ^ flip))
        const { body: sent, id, signature } = changed
        assert.ok(!verifySignature(sent.signer, id, signature), `byte ${at}`)
      } catch (error) {
        assert.ok(error instanceof SalusError, `byte ${at}: ${error}`)
      }
    }
  }
})

test('what parses is the one encoding of what it parses to', () => {
  const edits = fc.array(fc.tuple(fc.nat(wire.length - 1), fc.nat(255)), { maxLength: 4 })
  const cut = edits.map((list) => list.reduce((bytes, [at, byte]) => bytes.with(at, byte), wire))
  fc.assert(
    fc.property(fc.oneof(cut, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      try {
        const { body: sent, signature } = parseTransaction(bytes)
        const again = encode(SignedTransaction, { body: encode(TransactionBody, sent), signature })
        assert.ok(equalBytes(again, bytes))
      } catch (error) {
        assert.ok(error instanceof SalusError && /^(cbor|schema)-/.test(error.code), String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('bounds hold', async () => {
  assert.throws(() => parseTransaction(new Uint8Array(TRANSACTION_BYTES_MAX + 1)), fails('transaction-too-large'))
  const signed = (change: Partial<TransactionBody>) => signTransaction({ ...body, ...change }, signer)
  const small = { contract: 'a', command: 'b', args: null }
  const most = await signed({ commands: Array(COMMANDS_MAX).fill(small) })
  assert.equal(parseTransaction(most).body.commands.length, COMMANDS_MAX)
  const odd: readonly Partial<TransactionBody>[] = [
    { commands: [] },
    { commands: Array(COMMANDS_MAX + 1).fill(small) },
    { commands: [{ ...small, contract: 'A' }] },
    { commands: [{ ...small, command: 'x'.repeat(33) }] },
    { nonce: new Uint8Array(15) },
    { ledgerId: new Uint8Array(33) },
  ]
  for (const change of odd) {
    const bytes = await signed(change)
    assert.throws(() => parseTransaction(bytes), fails('schema-mismatch'))
  }
})

/**
 * A transaction: commands under one signature, applied together or not at all (docs/spec/transaction.md).
 * Its id is the domain hash of the body, which is also what is signed; the signature is not part of the id, so a
 * second signature over the same body is the same transaction.
 */
import { SalusError } from '../errors.ts'
import { DOMAIN, domainHash } from '../hash.ts'
import { PublicKey, SIGNATURE_BYTES_MAX, type Signer } from '../keys.ts'
import { anything, array, bytes, decode, encode, type Infer, struct, text, uint } from '../schema.ts'

/** Longest encoded transaction, in bytes: with its result it must fit the 16-bit length of a log entry bundle. */
export const TRANSACTION_BYTES_MAX = 60 * 1024
/** Most commands in one transaction. */
export const COMMANDS_MAX = 1000
/** A transaction may expire at most this long after the time of its block. */
export const TRANSACTION_LIFETIME_MS_MAX = 10 * 60 * 1000

const NAME = /^[a-z][a-z0-9-]*$/

/** One call of one contract; `args` has the schema of that command. */
export const Command = struct({ contract: text(32, NAME), command: text(32, NAME), args: anything })
export type Command = Infer<typeof Command>

/** The signed part. `expiresAtMs` is in milliseconds since 1970; from that block time on the transaction is refused. */
export const TransactionBody = struct({
  ledgerId: bytes(32),
  signer: PublicKey,
  nonce: bytes(16),
  expiresAtMs: uint(),
  commands: array(Command, 1, COMMANDS_MAX),
})
export type TransactionBody = Infer<typeof TransactionBody>

/** On the wire: the encoded body and its signature. */
export const SignedTransaction = struct({
  body: bytes(1, TRANSACTION_BYTES_MAX),
  signature: bytes(64, SIGNATURE_BYTES_MAX),
})
export type SignedTransaction = Infer<typeof SignedTransaction>

/** A transaction taken apart; `id` is 32 bytes. */
export interface Transaction {
  readonly id: Uint8Array
  readonly body: TransactionBody
  readonly signature: Uint8Array
}

/** The id of a transaction, from its encoded body. */
export function transactionId(body: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.transaction, body)
}

/** Signs `body`; returns the transaction's bytes for the wire. */
export async function signTransaction(body: TransactionBody, signer: Signer): Promise<Uint8Array> {
  const encoded = encode(TransactionBody, body)
  const signature = await signer.sign(transactionId(encoded))
  return encode(SignedTransaction, { body: encoded, signature })
}

/**
 * Takes a transaction apart. The signature is not checked here.
 * @throws SalusError `transaction-too-large`, `cbor-malformed`, `cbor-too-deep`, `schema-mismatch`
 */
export function parseTransaction(wire: Uint8Array): Transaction {
  if (wire.length > TRANSACTION_BYTES_MAX) {
    throw new SalusError('transaction-too-large', 'the transaction is too large', { TRANSACTION_BYTES_MAX })
  }
  const { body, signature } = decode(SignedTransaction, wire)
  return { id: transactionId(body), body: decode(TransactionBody, body), signature }
}

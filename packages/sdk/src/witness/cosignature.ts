/**
 * A witness's key and its signature in a checkpoint: C2SP tlog-cosignature, `cosignature/v1` with Ed25519. Keys are
 * spelled as note tools spell them (c2sp.org/signed-note): `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`
 * for the secret, `<name>+<key id>+<base64 of type and public key>` for verifiers.
 */
import {
  checkpointOrigin,
  concat,
  ed25519PublicKey,
  ed25519Sign,
  fromBase64,
  type Genesis,
  randomBytes,
  SalusError,
  sha256,
  toBase64,
  toHex,
  utf8,
} from '@salus/core'

/** Signature types of signed notes: a plain signature, and a witness's with a timestamp. */
const ED25519 = 0x01
const COSIGNATURE = 0x04

/** The Ed25519 seed of a witness (32 bytes) and the name by which it signs, which has no spaces and no plus sign. */
export interface WitnessKey {
  readonly name: string
  readonly seed: Uint8Array
}

function malformed(cause?: unknown): SalusError {
  return new SalusError('witness-key-malformed', 'this is not the key of a witness', {}, cause)
}

/** @throws SalusError `witness-key-malformed` for a name that a signed note cannot hold */
export function makeWitnessKey(name: string): WitnessKey {
  if (!/^[^\s+\p{Cc}]{1,128}$/u.test(name)) throw malformed()
  return { name, seed: randomBytes(32) }
}

/** The secret key as a line of text, without its newline. */
export function writeWitnessKey({ name, seed }: WitnessKey): string {
  const id = keyId(name, ED25519, ed25519PublicKey(seed))
  return `PRIVATE+KEY+${name}+${toHex(id)}+${toBase64(concat(Uint8Array.of(ED25519), seed))}`
}

/** @throws SalusError `witness-key-malformed` */
export function readWitnessKey(text: string): WitnessKey {
  const [, name, encoded] = /^PRIVATE\+KEY\+([^\s+]{1,128})\+[0-9a-f]{8}\+([A-Za-z0-9+/=]{44})\n?$/.exec(text) ?? []
  if (name === undefined || encoded === undefined) throw malformed()
  const key: WitnessKey = { name, seed: seedOf(encoded) }
  if (writeWitnessKey(key) !== text.trimEnd()) throw malformed()
  return key
}

function seedOf(encoded: string): Uint8Array {
  try {
    const typed = fromBase64(encoded)
    if (typed.length === 33 && typed[0] === ED25519) return typed.slice(1)
  } catch (cause) {
    throw malformed(cause)
  }
  throw malformed()
}

/** The verifier key of a witness. */
export function witnessVerifierKey({ name, seed }: WitnessKey): string {
  return verifierKey(name, COSIGNATURE, ed25519PublicKey(seed))
}

/**
 * The verifier key of an embedded ledger's checkpoints.
 * @throws SalusError `verifier-key-absent` for a ledger whose checkpoints are signed by many
 */
export function ledgerVerifierKey(genesis: Genesis): string {
  const { engine } = genesis
  if (engine.kind === 'embedded') return verifierKey(checkpointOrigin(genesis), ED25519, engine.publicKey)
  throw new SalusError('verifier-key-absent', 'no single key signs the checkpoints of this ledger')
}

function verifierKey(name: string, type: number, publicKey: Uint8Array): string {
  const typed = concat(Uint8Array.of(type), publicKey)
  return `${name}+${toHex(keyId(name, type, publicKey))}+${toBase64(typed)}`
}

/** 4 bytes of SHA-256(name, 0x0A, type, public key). */
function keyId(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  return sha256(utf8(`${name}\n`), Uint8Array.of(type), publicKey).subarray(0, 4)
}

/**
 * `note`, which must be bare, with the witness's signature added: at `timeSeconds` since 1970 this was the largest
 * consistent checkpoint of the ledger that the witness had seen.
 */
export function cosign(note: string, { name, seed }: WitnessKey, timeSeconds: number): string {
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  const timestamp = new Uint8Array(8)
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(timeSeconds))
  const signature = ed25519Sign(seed, utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`))
  const id = keyId(name, COSIGNATURE, ed25519PublicKey(seed))
  return `${note}— ${name} ${toBase64(concat(id, timestamp, signature))}\n`
}

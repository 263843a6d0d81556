/**
 * The secrets of a node, in one file that only its owner may read: the member's ledger key, its encryption key, the key
 * that wraps the vault's data keys, and the key that signs access tokens. Whoever has this file is the member.
 *
 * The ledger key can be replaced while the node runs. The next key is in the file before the ledger hears of it, so
 * that no stop can leave the member without the key that the ledger knows: {@link KeyFile.open} picks that one.
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import {
  ed25519PublicKey,
  ed25519Signer,
  equalBytes,
  fromBase64url,
  fromHex,
  type PublicKey,
  randomBytes,
  SalusError,
  type Signer,
  toBase64url,
  toHex,
} from '@salus/core'
import { z } from 'zod'

/**
 * Raw secrets of 32 bytes each. `signing` and `token` are Ed25519 seeds, `encryption` an X25519 private key.
 * `nextSigning` is the seed that a rotation has begun with, and null outside of one.
 */
export interface NodeKeys {
  readonly signing: Uint8Array
  readonly nextSigning: Uint8Array | null
  readonly encryption: Uint8Array
  readonly master: Uint8Array
  readonly token: Uint8Array
}

const secret = z.string().regex(/^[0-9a-f]{64}$/)
const Stored = z.strictObject({
  format: z.literal('salus-node-keys/1'),
  signing: secret,
  nextSigning: secret.optional(),
  encryption: secret,
  master: secret,
  token: secret,
})

/** Fresh keys from the system's generator. */
export function makeKeys(): NodeKeys {
  const { privateKey } = generateKeyPairSync('x25519')
  const jwk = privateKey.export({ format: 'jwk' })
  return {
    signing: randomBytes(32),
    nextSigning: null,
    encryption: fromBase64url(jwk.d as string),
    master: randomBytes(32),
    token: randomBytes(32),
  }
}

/** The public halves, as membership knows them. */
export function publicKeys(keys: NodeKeys): { signingKey: Uint8Array; encryptionKey: Uint8Array } {
  return { signingKey: ed25519PublicKey(keys.signing), encryptionKey: x25519PublicKey(keys.encryption) }
}

function x25519PublicKey(secretKey: Uint8Array): Uint8Array {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secretKey])
  const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' })
  return fromBase64url(jwk.x as string)
}

/** The token key as a private JWK (RFC 8037). */
export function tokenJwk(keys: NodeKeys): { kty: 'OKP'; crv: 'Ed25519'; d: string; x: string } {
  return { kty: 'OKP', crv: 'Ed25519', d: toBase64url(keys.token), x: toBase64url(ed25519PublicKey(keys.token)) }
}

/** Writes a new key file, readable by its owner alone; fails where there is one. */
export function writeKeys(path: string, keys: NodeKeys): void {
  writeFileSync(path, contentOf(keys), { mode: 0o600, flag: 'wx' })
}

function contentOf({ signing, nextSigning, encryption, master, token }: NodeKeys): string {
  const content = {
    format: 'salus-node-keys/1',
    signing: toHex(signing),
    ...(nextSigning === null ? {} : { nextSigning: toHex(nextSigning) }),
    encryption: toHex(encryption),
    master: toHex(master),
    token: toHex(token),
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

/** @throws SalusError `keys-malformed` */
export function readKeys(path: string): NodeKeys {
  const parsed = Stored.safeParse(parseJson(readFileSync(path, 'utf8')))
  if (!parsed.success) throw new SalusError('keys-malformed', 'the key file of the node is malformed')
  const { signing, nextSigning, encryption, master, token } = parsed.data
  return {
    signing: fromHex(signing),
    nextSigning: nextSigning === undefined ? null : fromHex(nextSigning),
    encryption: fromHex(encryption),
    master: fromHex(master),
    token: fromHex(token),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The key file of a running node. It signs as the member, always with the key that is the member's now. */
export class KeyFile implements Signer {
  readonly #path: string
  #keys: NodeKeys
  #signer: Signer

  private constructor(path: string, keys: NodeKeys) {
    this.#path = path
    this.#keys = keys
    this.#signer = ed25519Signer(keys.signing)
  }

  /**
   * Opens the file with the key that the ledger knows: `signingKey`, 32 bytes. A rotation that a stop interrupted is
   * finished here, or dropped where the ledger never took it.
   * @throws SalusError `keys-malformed`, `keys-mismatch`
   */
  static open(path: string, signingKey: Uint8Array): KeyFile {
    const keys = readKeys(path)
    const file = new KeyFile(path, keys)
    if (equalBytes(ed25519PublicKey(keys.signing), signingKey)) return file
    if (keys.nextSigning !== null && equalBytes(ed25519PublicKey(keys.nextSigning), signingKey)) {
      file.promote()
      return file
    }
    throw new SalusError('keys-mismatch', 'the ledger knows another signing key for this member')
  }

  get keys(): NodeKeys {
    return this.#keys
  }

  get publicKey(): PublicKey {
    return this.#signer.publicKey
  }

  sign(digest: Uint8Array): Promise<Uint8Array> {
    return this.#signer.sign(digest)
  }

  /** The signer of the next key, which is in the file, durably, when this returns. One that is there already stays. */
  prepare(): Signer {
    const nextSigning = this.#keys.nextSigning ?? randomBytes(32)
    this.#write({ ...this.#keys, nextSigning })
    return ed25519Signer(nextSigning)
  }

  /** The next key becomes the member's: the ledger has taken it. */
  promote(): void {
    const { nextSigning } = this.#keys
    if (nextSigning === null) throw new SalusError('internal', 'no rotation has begun')
    this.#write({ ...this.#keys, signing: nextSigning, nextSigning: null })
    this.#signer = ed25519Signer(nextSigning)
  }

  #write(keys: NodeKeys): void {
    const next = `${this.#path}.next`
    const descriptor = openSync(next, 'w', 0o600)
    try {
      writeSync(descriptor, contentOf(keys))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(next, this.#path)
    this.#keys = keys
  }
}

/**
 * The secrets of a node, in one file that only its owner may read: the member's ledger key, its encryption key, the key
 * that wraps the vault's data keys, and the key that signs access tokens. Whoever has this file is the member.
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { ed25519PublicKey, fromBase64url, fromHex, randomBytes, SalusError, toBase64url, toHex } from '@salus/core'
import { z } from 'zod'

/** Raw secrets of 32 bytes each. `signing` and `token` are Ed25519 seeds, `encryption` an X25519 private key. */
export interface NodeKeys {
  readonly signing: Uint8Array
  readonly encryption: Uint8Array
  readonly master: Uint8Array
  readonly token: Uint8Array
}

const secret = z.string().regex(/^[0-9a-f]{64}$/)
const KeyFile = z.strictObject({
  format: z.literal('salus-node-keys/1'),
  signing: secret,
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
  const content = {
    format: 'salus-node-keys/1',
    signing: toHex(keys.signing),
    encryption: toHex(keys.encryption),
    master: toHex(keys.master),
    token: toHex(keys.token),
  }
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  chmodSync(path, 0o600)
}

/** @throws SalusError `keys-malformed` */
export function readKeys(path: string): NodeKeys {
  const parsed = KeyFile.safeParse(parseJson(readFileSync(path, 'utf8')))
  if (!parsed.success) throw new SalusError('keys-malformed', 'the key file of the node is malformed')
  const { signing, encryption, master, token } = parsed.data
  return { signing: fromHex(signing), encryption: fromHex(encryption), master: fromHex(master), token: fromHex(token) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

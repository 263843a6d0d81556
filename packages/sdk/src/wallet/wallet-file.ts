/**
 * The encrypted wallet file (docs/spec/wallet.md): the key comes from the passphrase by scrypt (RFC 7914), the content
 * is sealed with XChaCha20-Poly1305, and everything in clear is authenticated with it. The cost parameters are bounded
 * on reading, so that a hostile file cannot exhaust memory or time.
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import {
  fromBase64url,
  fromUtf8,
  randomBytes,
  SalusError,
  type ScryptCost,
  scrypt,
  toBase64url,
  utf8,
} from '@salus/core'
import { z } from 'zod'
import { WalletState } from './state.ts'
import { Wallet } from './wallet.ts'

/** Longest wallet file, in UTF-16 units. */
export const WALLET_LENGTH_MAX = 64 * 1024 * 1024
/** Most memory that scrypt may take on reading: 128·N·r bytes. */
const KDF_MEMORY_BYTES_MAX = 256 * 1024 * 1024
const KDF_PARALLEL_MAX = 4
const SALT_BYTES = 16
const NONCE_BYTES = 24
const KEY_BYTES = 32

/** 128 MiB and about half a second on a laptop; the first choice of OWASP's password storage guidance. */
export const KDF_COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }

const Base64url = z.string().regex(/^[A-Za-z0-9_-]*$/)
const Header = {
  format: z.literal('salus-wallet/1'),
  kdf: z
    .strictObject({
      name: z.literal('scrypt'),
      N: z
        .int()
        .min(2)
        .refine((n) => Number.isInteger(Math.log2(n))),
      r: z.int().min(1).max(32),
      p: z.int().min(1).max(KDF_PARALLEL_MAX),
      salt: Base64url.length(22),
    })
    .refine(({ N, r }) => 128 * N * r <= KDF_MEMORY_BYTES_MAX),
  cipher: z.strictObject({ name: z.literal('xchacha20-poly1305'), nonce: Base64url.length(32) }),
}
const WalletFile = z.strictObject({ ...Header, ciphertext: Base64url })
type WalletHeader = Omit<z.infer<typeof WalletFile>, 'ciphertext'>

const Content = z.strictObject({ secret: Base64url.length(43), state: WalletState })

/**
 * The text of the wallet's encrypted file, under fresh salt and nonce.
 * @throws SalusError `wallet-passphrase` when the passphrase is empty
 */
export async function saveWallet(wallet: Wallet, passphrase: string, cost: ScryptCost = KDF_COST): Promise<string> {
  if (passphrase === '') throw new SalusError('wallet-passphrase', 'the passphrase is empty')
  const header: WalletHeader = {
    format: 'salus-wallet/1',
    kdf: { name: 'scrypt', N: cost.N, r: cost.r, p: cost.p, salt: toBase64url(randomBytes(SALT_BYTES)) },
    cipher: { name: 'xchacha20-poly1305', nonce: toBase64url(randomBytes(NONCE_BYTES)) },
  }
  const content = utf8(JSON.stringify({ secret: toBase64url(wallet.exportSecret()), state: wallet.state }))
  const cipher = await cipherOf(header, passphrase)
  const ciphertext = toBase64url(cipher.encrypt(content))
  return `${JSON.stringify({ ...header, ciphertext }, null, 2)}\n`
}

/**
 * Opens the text of a wallet file.
 * @throws SalusError `wallet-malformed`; `wallet-passphrase` when the passphrase is wrong or the file was altered,
 *   which nobody can tell apart
 */
export async function openWallet(file: string, passphrase: string): Promise<Wallet> {
  const { ciphertext, ...header } = parseFile(file)
  const sealed = malformedUnless(() => fromBase64url(ciphertext))
  const cipher = await cipherOf(header, passphrase)
  let content: Uint8Array
  try {
    content = cipher.decrypt(sealed)
  } catch (cause) {
    throw new SalusError('wallet-passphrase', 'the passphrase is wrong, or the file was altered', {}, cause)
  }
  return malformedUnless(() => {
    const { secret, state } = Content.parse(JSON.parse(fromUtf8(content)))
    return new Wallet(fromBase64url(secret), state)
  })
}

function parseFile(file: string): z.infer<typeof WalletFile> {
  if (file.length > WALLET_LENGTH_MAX) {
    throw new SalusError('wallet-malformed', 'the wallet file is too large', { WALLET_LENGTH_MAX })
  }
  return malformedUnless(() => WalletFile.parse(JSON.parse(file)))
}

async function cipherOf(header: WalletHeader, passphrase: string) {
  const { N, r, p, salt } = header.kdf
  const saltBytes = malformedUnless(() => fromBase64url(salt))
  const nonce = malformedUnless(() => fromBase64url(header.cipher.nonce))
  const password = utf8(passphrase.normalize('NFKC'))
  const key = await scrypt(password, saltBytes, { N, r, p }, KEY_BYTES)
  const { format, kdf, cipher } = header
  return xchacha20poly1305(key, nonce, utf8(JSON.stringify([format, kdf.name, N, r, p, salt, cipher.name])))
}

/** Causes are left out: parsers quote their input. */
function malformedUnless<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw new SalusError('wallet-malformed', 'the wallet file is malformed')
  }
}

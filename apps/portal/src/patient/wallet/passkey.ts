/**
 * A passkey that protects a wallet: the PRF extension of WebAuthn (level 3, section 10.1.4) gives 32 bytes that only
 * this authenticator can make, after it has seen the user. They are the wallet file's passphrase, so its scrypt cost
 * need not be high: there is nothing to guess.
 */
import { fromBase64url, randomBytes, SalusError, type ScryptCost, sha256, toBase64url, utf8 } from '@salus/core'

/** 256 random bits need no stretching. */
export const PASSKEY_COST: ScryptCost = { N: 2, r: 8, p: 1 }

const PRF_INPUT = sha256(utf8('salus/v1/wallet-prf'))
const TIMEOUT_MS = 120_000

export interface PasskeySecret {
  readonly credential: string
  /** The passphrase of the wallet file. */
  readonly secret: string
}

/** True where this browser may have passkeys at all. */
export function canHavePasskeys(): boolean {
  return window.isSecureContext && typeof PublicKeyCredential === 'function'
}

/** Makes a passkey named after the wallet. @throws SalusError `passkey-cancelled`, `passkey-without-prf` */
export async function makePasskey(name: string): Promise<PasskeySecret> {
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Salus' },
        user: { id: buffer(randomBytes(32)), name, displayName: name },
        challenge: buffer(randomBytes(32)),
        pubKeyCredParams: [
          { type: 'public-key', alg: -7 },
          { type: 'public-key', alg: -257 },
        ],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        timeout: TIMEOUT_MS,
        extensions: { prf: { eval: { first: buffer(PRF_INPUT) } } },
      },
    }),
  )
  const { prf } = credential.getClientExtensionResults()
  if (prf?.enabled !== true) throw new SalusError('passkey-without-prf', 'this passkey has no PRF extension')
  const id = toBase64url(new Uint8Array(credential.rawId))
  if (prf.results?.first === undefined) return askPasskey(id)
  return { credential: id, secret: secretOf(prf.results.first) }
}

/** Asks the passkey for its secret. @throws SalusError `passkey-cancelled`, `passkey-without-prf` */
export async function askPasskey(credential: string): Promise<PasskeySecret> {
  const answer = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: buffer(randomBytes(32)),
        allowCredentials: [{ type: 'public-key', id: buffer(fromBase64url(credential)) }],
        userVerification: 'required',
        timeout: TIMEOUT_MS,
        extensions: { prf: { eval: { first: buffer(PRF_INPUT) } } },
      },
    }),
  )
  const first = answer.getClientExtensionResults().prf?.results?.first
  if (first === undefined) throw new SalusError('passkey-without-prf', 'this passkey has no PRF extension')
  return { credential, secret: secretOf(first) }
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask()
    if (credential instanceof PublicKeyCredential) return credential
  } catch (cause) {
    throw new SalusError('passkey-cancelled', 'the passkey was not used', {}, cause)
  }
  throw new SalusError('passkey-cancelled', 'the passkey was not used')
}

function secretOf(output: BufferSource): string {
  const bytes = output instanceof ArrayBuffer ? new Uint8Array(output) : new Uint8Array(output.buffer)
  return toBase64url(bytes)
}

function buffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** Passkeys of staff: the browser's part of signing in with one, of proving anew who one is, and of adding one. */
import { SalusError } from '@salus/core'
import { parseAnswer, parseJson, postJson } from '@salus/sdk'
import { z } from 'zod'
import { keep, type StaffSession, staffJson, staffText } from './staff.ts'

const Passkeys = z.object({
  passkeys: z.array(
    z.object({ id: z.string(), label: z.string(), madeAtMs: z.number(), usedAtMs: z.number().nullable() }),
  ),
})
export type Passkey = z.infer<typeof Passkeys>['passkeys'][number]

/** Options as the node spells them; the browser parses them itself. */
const Options = z.looseObject({ challenge: z.string() })

/** @throws SalusError `passkey-cancelled`, `passkey-refused`, `too-many-requests` */
export async function signInByPasskey(): Promise<StaffSession | null> {
  return keep(await postJson(`${location.origin}/session/passkey`, { response: await answer() }))
}

/** Proves anew who is there, for sensitive acts. @throws as {@link signInByPasskey} */
export async function proveByPasskey(): Promise<void> {
  await staffText('/session/proof', { method: 'POST', body: { response: await answer() } })
}

async function answer(): Promise<unknown> {
  const options = parseAnswer(Options, await postJson(`${location.origin}/session/passkey/options`, {}))
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  )
  return json(() => navigator.credentials.get({ publicKey }))
}

export async function listPasskeys(): Promise<readonly Passkey[]> {
  return (await staffJson(Passkeys, '/passkeys')).passkeys
}

/** @throws SalusError `passkey-cancelled`, `step-up-required` */
export async function addPasskey(label: string): Promise<void> {
  const options = parseJson(await staffText('/passkeys/options', { method: 'POST', body: {} }))
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON)
  const response = await json(() => navigator.credentials.create({ publicKey }))
  await staffText('/passkeys', { method: 'POST', body: { response, label } })
}

export async function removePasskey(id: string): Promise<void> {
  await staffText(`/passkeys/${encodeURIComponent(id)}`, { method: 'DELETE' })
}

async function json(ask: () => Promise<Credential | null>): Promise<unknown> {
  try {
    const credential = await ask()
    if (credential instanceof PublicKeyCredential) return credential.toJSON()
  } catch (cause) {
    throw new SalusError('passkey-cancelled', 'the passkey was not used', {}, cause)
  }
  throw new SalusError('passkey-cancelled', 'the passkey was not used')
}

/**
 * Passkeys of staff (WebAuthn level 3): discoverable credentials with user verification, so that signing in names
 * nobody beforehand. A challenge serves once, for a few minutes, and for what it was made for.
 */
import { isSalusError, SalusError } from '@salus/core'
import {
  type AuthenticationResponseJSON,
  type AuthenticatorTransport,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { LruMap } from '../auth/lru-map.ts'
import type { Database } from '../db/database.ts'
import { PASSKEY_CHALLENGE_MS_MAX, PASSKEY_CHALLENGES_MAX, PASSKEYS_PER_USER_MAX } from '../limits.ts'
import type { User, Users } from './users.ts'

export interface PasskeyParts {
  readonly database: Database
  readonly users: Users
  /** Where the portal is: its host is the relying party's id. */
  readonly portalUrl: string
  readonly now: () => number
}

export interface Passkey {
  readonly id: string
  readonly label: string
  readonly madeAtMs: number
  readonly usedAtMs: number | null
}

interface Row {
  readonly id: string
  readonly user_id: string
  readonly public_key: Uint8Array
  readonly counter: number
  readonly transports: string
  readonly label: string
  readonly made_at_ms: number
  readonly used_at_ms: number | null
}

/** What a challenge was made for: to sign in, or to add a passkey to a user. */
type Purpose = 'sign-in' | { readonly userId: string }

export class Passkeys {
  readonly #parts: PasskeyParts
  readonly #relyingParty: string
  readonly #challenges = new LruMap<{ readonly purpose: Purpose; readonly expiresAtMs: number }>(PASSKEY_CHALLENGES_MAX)

  constructor(parts: PasskeyParts) {
    this.#parts = parts
    this.#relyingParty = new URL(parts.portalUrl).hostname
  }

  async ofUser({ id }: User): Promise<readonly Passkey[]> {
    return (await this.#rows(id)).map((row) => ({
      id: row.id,
      label: row.label,
      madeAtMs: Number(row.made_at_ms),
      usedAtMs: row.used_at_ms === null ? null : Number(row.used_at_ms),
    }))
  }

  /** What the browser is to ask the authenticator for a new passkey. */
  async creationOptions(user: User): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const known = await this.#rows(user.id)
    const options = await generateRegistrationOptions({
      rpName: 'Salus',
      rpID: this.#relyingParty,
      userName: user.name,
      userDisplayName: user.name,
      userID: new TextEncoder().encode(user.id),
      attestationType: 'none',
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports: transportsOf(transports) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    this.#remember(options.challenge, { userId: user.id })
    return options
  }

  /** @throws SalusError `passkey-refused`, `passkeys-too-many` */
  async add(user: User, response: RegistrationResponseJSON, label: string): Promise<void> {
    const { database, portalUrl, now } = this.#parts
    if ((await this.#rows(user.id)).length >= PASSKEYS_PER_USER_MAX) {
      throw new SalusError('passkeys-too-many', 'this user has too many passkeys', { PASSKEYS_PER_USER_MAX })
    }
    const result = await refusing(() =>
      verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => this.#useUp(challenge, (purpose) => purposeUser(purpose) === user.id),
        expectedOrigin: portalUrl,
        expectedRPID: this.#relyingParty,
        requireUserVerification: true,
      }),
    )
    if (!result.verified) throw refused()
    const { id, publicKey, counter, transports } = result.registrationInfo.credential
    await database.write((transaction) =>
      transaction.run(
        `INSERT INTO portal_passkey (id, user_id, public_key, counter, transports, label, made_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [id, user.id, publicKey, counter, (transports ?? []).join(','), label, now()],
      ),
    )
  }

  async remove(user: User, id: string): Promise<void> {
    await this.#parts.database.write((transaction) =>
      transaction.run('DELETE FROM portal_passkey WHERE user_id = ? AND id = ?', [user.id, id]),
    )
  }

  /** What the browser is to ask for to sign in: any passkey for this portal. */
  async requestOptions(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const options = await generateAuthenticationOptions({ rpID: this.#relyingParty, userVerification: 'required' })
    this.#remember(options.challenge, 'sign-in')
    return options
  }

  /** The user whose passkey signed. @throws SalusError `passkey-refused` */
  async verify(response: AuthenticationResponseJSON): Promise<User> {
    const { database, users, portalUrl, now } = this.#parts
    const row = await database.read.get<Row>('SELECT * FROM portal_passkey WHERE id = ?', [response.id])
    if (!row) throw refused()
    const result = await refusing(() =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: (challenge) => this.#useUp(challenge, (purpose) => purpose === 'sign-in'),
        expectedOrigin: portalUrl,
        expectedRPID: this.#relyingParty,
        requireUserVerification: true,
        credential: {
          id: row.id,
          publicKey: new Uint8Array(row.public_key),
          counter: Number(row.counter),
          transports: transportsOf(row.transports),
        },
      }),
    )
    if (!result.verified) throw refused()
    const { newCounter } = result.authenticationInfo
    await database.write((transaction) =>
      transaction.run('UPDATE portal_passkey SET counter = ?, used_at_ms = ? WHERE id = ?', [
        newCounter,
        now(),
        row.id,
      ]),
    )
    return users.byId(row.user_id)
  }

  #rows(userId: string): Promise<Row[]> {
    const sql = 'SELECT * FROM portal_passkey WHERE user_id = ? ORDER BY made_at_ms'
    return this.#parts.database.read.all<Row>(sql, [userId])
  }

  #remember(challenge: string, purpose: Purpose): void {
    this.#challenges.set(challenge, { purpose, expiresAtMs: this.#parts.now() + PASSKEY_CHALLENGE_MS_MAX })
  }

  #useUp(challenge: string, isMeant: (purpose: Purpose) => boolean): boolean {
    const known = this.#challenges.get(challenge)
    this.#challenges.delete(challenge)
    return known !== undefined && known.expiresAtMs > this.#parts.now() && isMeant(known.purpose)
  }
}

function purposeUser(purpose: Purpose): string | null {
  return purpose === 'sign-in' ? null : purpose.userId
}

function transportsOf(text: string): AuthenticatorTransport[] {
  return text.split(',').filter((part) => part !== '') as AuthenticatorTransport[]
}

/** Whatever does not hold is one refusal: what exactly is nobody's to learn who tries. */
async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (cause) {
    if (isSalusError(cause)) throw cause
    throw refused(cause)
  }
}

function refused(cause?: unknown): SalusError {
  return new SalusError('passkey-refused', 'this passkey does not hold here', {}, cause)
}

/** The clients that are registered at this node: the member's own systems, with the keys they sign assertions with. */
import { SalusError } from '@salus/core'
import { importJWK, type JWK } from 'jose'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { CLIENT_KEYS_MAX, CLIENTS_MAX } from '../limits.ts'
import { PractitionerReference } from './member-use.ts'
import type { Scope } from './principal.ts'
import { parseScopes, writeScopes } from './scopes.ts'

/** Signature algorithms of client assertions: those of SMART (ES384, RS384), ES256, and EdDSA. */
export const ASSERTION_ALGORITHMS = ['EdDSA', 'ES256', 'ES384', 'RS384'] as const

const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 4096
/** A member's id is 32 hexadecimal digits; a registered client must never be taken for one. */
const CLIENT_ID = /^(?![0-9a-f]{32}$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const Coordinate = z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/)
const Kid = z.string().min(1).max(256)
/** Public keys alone: other members of a JWK are dropped, and private ones never stored. */
const PublicJwk = z.union([
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: Coordinate, kid: Kid }),
  z.object({ kty: z.literal('EC'), crv: z.enum(['P-256', 'P-384']), x: Coordinate, y: Coordinate, kid: Kid }),
  z.object({ kty: z.literal('RSA'), n: Coordinate, e: Coordinate, kid: Kid }),
])
type PublicJwk = z.infer<typeof PublicJwk>
const Jwks = z.object({ keys: z.array(PublicJwk).min(1).max(CLIENT_KEYS_MAX) })

/** Operators have `system/` scopes; a client that acts for a practitioner has `user/` scopes. */
const Registration = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('operator'), practitioner: PractitionerReference.nullable() }),
  z.object({ kind: z.literal('practitioner'), practitioner: PractitionerReference }),
])
const Labels = z.object({ id: z.string().regex(CLIENT_ID), name: z.string().min(1).max(128) })

/** What an administrator registers. `jwks` is a JSON Web Key Set of public keys, each with its `kid`. */
export interface ClientRegistration {
  readonly id: string
  readonly name: string
  readonly kind: 'operator' | 'practitioner'
  readonly practitioner: string | null
  readonly scopes: string
  readonly jwks: { readonly keys: readonly JWK[] }
}

export interface RegisteredClient extends Omit<ClientRegistration, 'scopes'> {
  readonly scopes: readonly Scope[]
}

interface ClientRow {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly practitioner: string | null
  readonly scopes: string
  readonly jwks: string
}

export class ClientStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Registers a client, or replaces its registration.
   * @throws SalusError `client-malformed`, `client-key-malformed`, `client-scope-context`, `clients-too-many`,
   *   `scope-*`
   */
  async register(registration: ClientRegistration): Promise<void> {
    const labels = parse(Labels, registration, 'client-malformed')
    const { kind, practitioner } = parse(Registration, registration, 'client-malformed')
    const { keys } = parse(Jwks, registration.jwks, 'client-key-malformed')
    await Promise.all(keys.map(checkKey))
    if (new Set(keys.map((key) => key.kid)).size !== keys.length) throw keyMalformed('two keys have the same kid')
    const scopes = writeScopes(ownScopes(kind, registration.scopes))
    await this.#database.write(async (transaction) => {
      const others = await transaction.get<{ count: number | bigint }>(
        'SELECT COUNT(*) AS count FROM oauth_client WHERE id <> ?',
        [labels.id],
      )
      if (Number(others?.count) >= CLIENTS_MAX) {
        throw new SalusError('clients-too-many', 'no more clients can be registered', { CLIENTS_MAX })
      }
      await transaction.run('DELETE FROM oauth_client WHERE id = ?', [labels.id])
      await transaction.run(
        'INSERT INTO oauth_client (id, name, kind, practitioner, scopes, jwks) VALUES (?, ?, ?, ?, ?, ?)',
        [labels.id, labels.name, kind, practitioner, scopes, JSON.stringify({ keys })],
      )
    })
  }

  /** Takes a registration away. Tokens that the client has end with their lifetime. True when there was one. */
  async remove(id: string): Promise<boolean> {
    const removed = await this.#database.write((transaction) =>
      transaction.run('DELETE FROM oauth_client WHERE id = ?', [id]),
    )
    return removed > 0
  }

  async find(id: string): Promise<RegisteredClient | undefined> {
    if (!CLIENT_ID.test(id)) return undefined
    const row = await this.#database.read.get<ClientRow>(
      'SELECT id, name, kind, practitioner, scopes, jwks FROM oauth_client WHERE id = ?',
      [id],
    )
    if (!row) return undefined
    const { kind, practitioner } = parse(Registration, row, 'client-malformed')
    const jwks = parse(Jwks, JSON.parse(row.jwks), 'client-key-malformed')
    return { id: row.id, name: row.name, kind, practitioner, scopes: parseScopes(row.scopes), jwks }
  }
}

/**
 * The scopes that a local subject of this kind may have.
 * @throws SalusError `client-scope-context`, `scope-*`
 */
export function ownScopes(kind: ClientRegistration['kind'], text: string): readonly Scope[] {
  const context = kind === 'operator' ? 'system' : 'user'
  const scopes = parseScopes(text)
  if (scopes.length === 0 || scopes.some((scope) => scope.context !== context)) {
    throw new SalusError('client-scope-context', `scopes of this kind of client begin with ${context}/`)
  }
  return scopes
}

/** Imports the key once, so that a bad one is refused when it is registered and not when it is used. */
async function checkKey(key: PublicJwk): Promise<void> {
  try {
    const imported = await importJWK(key, algorithmOf(key))
    if (imported instanceof Uint8Array) throw keyMalformed('the key is symmetric')
    const bits = 'modulusLength' in imported.algorithm ? Number(imported.algorithm.modulusLength) : undefined
    if (bits !== undefined && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
      throw keyMalformed(`an RSA key has ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits`)
    }
  } catch (cause) {
    if (cause instanceof SalusError) throw cause
    throw keyMalformed('a key cannot be imported', cause)
  }
}

function algorithmOf(key: PublicJwk): string {
  if (key.kty === 'RSA') return 'RS384'
  if (key.kty === 'OKP') return 'EdDSA'
  return key.crv === 'P-256' ? 'ES256' : 'ES384'
}

function keyMalformed(why: string, cause?: unknown): SalusError {
  return new SalusError('client-key-malformed', `the client's keys are not valid: ${why}`, {}, cause)
}

function parse<S extends z.ZodType>(schema: S, value: unknown, code: string): z.infer<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const paths = parsed.error.issues.slice(0, 5).map((issue) => issue.path.join('.'))
  throw new SalusError(code, 'the registration of the client is not valid', { paths })
}

/**
 * The member's own staff as the portal knows them: a name, and the same kind, practitioner and scopes that an access
 * token would carry (auth/access-tokens.ts). Whoever is deactivated has no session any more.
 */
import { randomUUID } from 'node:crypto'
import { SalusError } from '@salus/core'
import { ownScopes } from '../auth/clients.ts'
import { PractitionerReference } from '../auth/member-use.ts'
import { parseScopes, writeScopes } from '../auth/scopes.ts'
import type { Database } from '../db/database.ts'

export interface User {
  readonly id: string
  readonly name: string
  readonly kind: 'operator' | 'practitioner'
  /** `Practitioner/…`; null for an operator. */
  readonly practitioner: string | null
  readonly scopes: string
  readonly active: boolean
}

interface Row {
  readonly id: string
  readonly name: string
  readonly kind: User['kind']
  readonly practitioner: string | null
  readonly scopes: string
  readonly active: number
}

export class Users {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async all(): Promise<readonly User[]> {
    const rows = await this.#database.read.all<Row>('SELECT * FROM portal_user ORDER BY name, id')
    return rows.map(fromRow)
  }

  /** @throws SalusError `user-unknown` */
  async byId(id: string): Promise<User> {
    const row = await this.#database.read.get<Row>('SELECT * FROM portal_user WHERE id = ?', [id])
    if (!row) throw new SalusError('user-unknown', 'there is no such user')
    return fromRow(row)
  }

  /** @throws SalusError `user-malformed`, `scope-*`, `client-scope-context` */
  async add(user: Omit<User, 'id' | 'active'>): Promise<User> {
    const named = user.practitioner === null || PractitionerReference.safeParse(user.practitioner).success
    if (!named || (user.kind === 'practitioner') !== (user.practitioner !== null)) {
      throw new SalusError('user-malformed', 'a practitioner is named by a reference, an operator is not')
    }
    const scopes = writeScopes(ownScopes(user.kind, user.scopes))
    const added = { ...user, id: randomUUID(), scopes, active: true }
    await this.#database.write((transaction) =>
      transaction.run('INSERT INTO portal_user (id, name, kind, practitioner, scopes) VALUES (?, ?, ?, ?, ?)', [
        added.id,
        added.name,
        added.kind,
        added.practitioner,
        added.scopes,
      ]),
    )
    return added
  }

  /** Ends a user's sessions and links too. @throws SalusError `user-unknown` */
  async deactivate(id: string): Promise<void> {
    await this.byId(id)
    await this.#database.write(async (transaction) => {
      await transaction.run('UPDATE portal_user SET active = 0 WHERE id = ?', [id])
      await transaction.run('DELETE FROM portal_session WHERE user_id = ?', [id])
      await transaction.run('DELETE FROM portal_sign_in_link WHERE user_id = ?', [id])
    })
  }
}

/** The scopes of a user, parsed. */
export function scopesOf(user: User): ReturnType<typeof parseScopes> {
  return parseScopes(user.scopes)
}

function fromRow({ id, name, kind, practitioner, scopes, active }: Row): User {
  return { id, name, kind, practitioner, scopes, active: active === 1 }
}

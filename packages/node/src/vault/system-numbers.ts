/**
 * Numbers of code systems, as index rows hold them. Once given, a number never changes and is never given again, so
 * it may be remembered; but only after the transaction that gave it is durable.
 */
import type { Queries } from '../db/database.ts'

const REMEMBERED_MAX = 50_000

export class SystemNumbers {
  private readonly known = new Map<string, number>()

  /** Looks up or gives the number of `uri` inside a transaction, which must `keep` its own map once durable. */
  async findOrCreate(transaction: Queries, uri: string, own: Map<string, number>): Promise<void> {
    if (own.has(uri)) return
    const known = this.known.get(uri) ?? (await insert(transaction, uri))
    own.set(uri, known)
  }

  keep(own: ReadonlyMap<string, number>): void {
    for (const [uri, id] of own) {
      if (this.known.size >= REMEMBERED_MAX) this.known.delete(this.known.keys().next().value as string)
      this.known.set(uri, id)
    }
  }
}

async function insert(transaction: Queries, uri: string): Promise<number> {
  const found = await transaction.get<{ id: number }>('SELECT id FROM vault_system WHERE uri = ?', [uri])
  if (found) return found.id
  const sql = 'INSERT INTO vault_system (uri) VALUES (?) RETURNING id'
  return ((await transaction.get<{ id: number }>(sql, [uri])) as { id: number }).id
}

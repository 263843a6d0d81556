/**
 * Numbers that stand for names in the index: for resources (`vault_resource.key`) and for code systems. Once given,
 * a number never changes and is never given again, so what was looked up may be remembered; only numbers that
 * a failed transaction gave must be forgotten, which is why a write keeps its own until it is durable.
 */
import type { Queries } from '../db/database.ts'
import { typeNumber } from './definitions/definitions.ts'

const REMEMBERED_MAX = 200_000

/** Bounded memory from name to number: the oldest entries make room. */
class Memory {
  private readonly numbers = new Map<string, number>()

  get(name: string): number | undefined {
    return this.numbers.get(name)
  }

  set(name: string, number: number): void {
    if (this.numbers.size >= REMEMBERED_MAX) this.numbers.delete(this.numbers.keys().next().value as string)
    this.numbers.set(name, number)
  }
}

export class Numbers {
  readonly resources = new Memory()
  readonly systems = new Memory()

  /** The key of `type/id` if it is stored or referred to. */
  async resource(queries: Queries, type: string, id: string): Promise<number | undefined> {
    const name = `${type}/${id}`
    const known = this.resources.get(name)
    if (known !== undefined) return known
    const sql = 'SELECT key FROM vault_resource WHERE type = ? AND id = ?'
    const row = await queries.get<{ key: number }>(sql, [typeNumber(type), id])
    if (row) this.resources.set(name, row.key)
    return row?.key
  }

  /** The number of a code system if any resource used it. */
  async system(queries: Queries, uri: string): Promise<number | undefined> {
    const known = this.systems.get(uri)
    if (known !== undefined) return known
    const row = await queries.get<{ id: number }>('SELECT id FROM vault_system WHERE uri = ?', [uri])
    if (row) this.systems.set(uri, row.id)
    return row?.id
  }
}

/** The numbers that one write looks up and gives; `keep` after it is durable. */
export class WriteNumbers {
  private readonly shared: Numbers
  private readonly transaction: Queries
  readonly systems = new Map<string, number>()
  private readonly newSystems = new Map<string, number>()

  constructor(shared: Numbers, transaction: Queries) {
    this.shared = shared
    this.transaction = transaction
  }

  async addSystem(uri: string): Promise<void> {
    if (this.systems.has(uri)) return
    let id = this.shared.systems.get(uri)
    if (id === undefined) {
      const found = await this.transaction.get<{ id: number }>('SELECT id FROM vault_system WHERE uri = ?', [uri])
      id = found?.id ?? (await this.insertSystem(uri))
      this.newSystems.set(uri, id)
    }
    this.systems.set(uri, id)
  }

  private async insertSystem(uri: string): Promise<number> {
    const sql = 'INSERT INTO vault_system (uri) VALUES (?) RETURNING id'
    return ((await this.transaction.get<{ id: number }>(sql, [uri])) as { id: number }).id
  }

  keep(resources: ReadonlyMap<string, number>): void {
    for (const [uri, id] of this.newSystems) this.shared.systems.set(uri, id)
    for (const [name, key] of resources) this.shared.resources.set(name, key)
  }
}

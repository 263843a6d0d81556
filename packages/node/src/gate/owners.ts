/**
 * Whose record an instance belongs to, remembered: the gate asks on every read. The answer says whose consents count
 * and whose log shows the request, never what may be read: the permit's filter decides that in the vault's own query.
 * Every write forgets what it wrote, so an answer is stale at most while the write itself is under way.
 */
import { LruMap } from '../auth/lru-map.ts'
import { OWNERS_REMEMBERED_MAX } from '../limits.ts'

/** The Patient ids whose records an instance belongs to; empty for none, undefined when there is no such instance. */
export type OwnersOf = (type: string, id: string) => Promise<readonly string[] | undefined>

export class RememberedOwners {
  readonly #ownersOf: OwnersOf
  readonly #owners = new LruMap<readonly string[]>(OWNERS_REMEMBERED_MAX)
  /** Counts the writes, so that what was asked before one is not remembered after it. */
  #writes = 0

  constructor(ownersOf: OwnersOf) {
    this.#ownersOf = ownersOf
  }

  /** What is absent is not remembered: ids are anybody's to make up. */
  readonly ownersOf: OwnersOf = async (type, id) => {
    const name = `${type}/${id}`
    const known = this.#owners.get(name)
    if (known !== undefined) return known
    const writes = this.#writes
    const owners = await this.#ownersOf(type, id)
    if (owners !== undefined && writes === this.#writes) this.#owners.set(name, owners)
    return owners
  }

  /** To be called once a write of these is durable. */
  written(versions: readonly { readonly type: string; readonly id: string }[]): void {
    this.#writes += 1
    for (const { type, id } of versions) this.#owners.delete(`${type}/${id}`)
  }

  /** To be called once a patient is erased. */
  erased(): void {
    this.#writes += 1
    this.#owners.clear()
  }
}

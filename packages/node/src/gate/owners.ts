/**
 * Whose record an instance belongs to, remembered: the gate asks on every read. The answer says whose consents count
 * and whose log shows the request, never what may be read: the permit's filter decides that in the vault's own query.
 * Every write forgets what it wrote, so an answer is stale at most while the write itself is under way.
 */
import { LruMap } from '../auth/lru-map.ts'
import { OWNERS_REMEMBERED_MAX } from '../limits.ts'

/** The Patient id whose record an instance belongs to; null for none, undefined when there is no such instance. */
export type OwnerOf = (type: string, id: string) => Promise<string | null | undefined>

export class RememberedOwners {
  readonly #ownerOf: OwnerOf
  readonly #owners = new LruMap<string | null>(OWNERS_REMEMBERED_MAX)
  /** Counts the writes, so that what was asked before one is not remembered after it. */
  #writes = 0

  constructor(ownerOf: OwnerOf) {
    this.#ownerOf = ownerOf
  }

  /** What is absent is not remembered: ids are anybody's to make up. */
  readonly ownerOf: OwnerOf = async (type, id) => {
    const name = `${type}/${id}`
    const known = this.#owners.get(name)
    if (known !== undefined) return known
    const writes = this.#writes
    const owner = await this.#ownerOf(type, id)
    if (owner !== undefined && writes === this.#writes) this.#owners.set(name, owner)
    return owner
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

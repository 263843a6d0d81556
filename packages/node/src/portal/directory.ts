/** The members that the portal can name: all that the ledger has, as it has them now. Public. */
import { listMembers, members } from '@salus/contracts'
import type { Genesis } from '@salus/core'
import { checkpointOrigin, toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'

export interface DirectoryMember {
  readonly id: string
  readonly handle: string
  readonly name: string
  readonly roles: readonly string[]
  readonly url: string
  readonly status: string
}

export class Directory {
  readonly #own: string
  readonly #ledger: Pick<Ledger, 'get'>
  readonly #genesis: Genesis

  constructor(own: string, ledger: Pick<Ledger, 'get'>, genesis: Genesis) {
    this.#own = own
    this.#ledger = ledger
    this.#genesis = genesis
  }

  /** What `/network` answers. */
  read(): { own: string; ledger: string; origin: string; members: readonly DirectoryMember[] } {
    return {
      own: this.#own,
      ledger: toHex(this.#genesis.ledgerId),
      origin: checkpointOrigin(this.#genesis),
      members: this.#all(),
    }
  }

  /** The URLs of the members in force. */
  urls(): readonly string[] {
    return this.#all().flatMap(({ url, status }) => (status === 'active' ? [url] : []))
  }

  #all(): readonly DirectoryMember[] {
    return listMembers(this.#ledger).flatMap((id) => {
      const member = members.get(this.#ledger, id)
      if (member === undefined) return []
      const { handle, name, roles, url, status } = member
      return [{ id, handle, name, roles, url: url.replace(/\/+$/, ''), status }]
    })
  }
}

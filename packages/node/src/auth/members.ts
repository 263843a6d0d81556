/** The members of the network as authentication sees them, read from the ledger at every use: it is the directory. */
import { handles, members } from '@salus/contracts'
import type { MemberRow } from '@salus/core'
import type { Ledger } from '@salus/ledger'

/** A member as the ledger has it now. `signingKey` is Ed25519, 32 bytes; `url` has no slash at its end. */
export interface Member extends Pick<MemberRow, 'signingKey' | 'status' | 'url' | 'handle' | 'name'> {
  readonly id: string
}

/** Implementations MUST answer from committed state, so that suspension and key rotation act at once. */
export interface Members {
  /** The member whose node this is. */
  readonly own: string
  byId(memberId: string): Member | undefined
  byHandle(handle: string): Member | undefined
}

/** The members on `ledger`, for the node of the member `own`. */
export function ledgerMembers(ledger: Pick<Ledger, 'get'>, own: string): Members {
  const byId = (memberId: string): Member | undefined => {
    const row = members.get(ledger, memberId)
    if (!row) return undefined
    const { signingKey, status, url, handle, name } = row
    return { id: memberId, signingKey, status, url: url.replace(/\/+$/, ''), handle, name }
  }
  return {
    own,
    byId,
    byHandle: (handle) => {
      const row = handles.get(ledger, handle)
      return row && byId(row.memberId)
    },
  }
}

/** Where a replica begins that takes a snapshot of other members: what it trusts, and where it asks. */
import { type Genesis, SalusError } from '@salus/core'
import { withoutWitnesses } from '@salus/proof'
import { PublishedLog } from '@salus/sdk'
import type { MemberFile } from './member-folder.ts'
import type { PeersFile } from './peers-file.ts'

/** A checkpoint that one of the members shows now, checked, and where their light blocks are. */
export async function trustedStart(members: readonly MemberFile[], genesis: Genesis): Promise<PeersFile['stateSync']> {
  if (members.length < 2) throw new SalusError('usage', 'a snapshot is taken from two members or more: name them')
  const checkpoint = withoutWitnesses(await new PublishedLog((members[0] as MemberFile).url).checkpoint(), genesis)
  return { servers: members.map(({ url }) => `${url}/ledger/light`), checkpoint }
}

/** Tokens that an administrator hands out at the machine of the node, where its keys are: nobody needs to be asked. */
import { readGenesis, SalusError } from '@salus/core'
import { openAuth, type TokenOrder } from './auth/auth.ts'
import type { Members } from './auth/members.ts'
import { AUTH_TABLES } from './auth/tables.ts'
import { openSqlite } from './db/sqlite.ts'
import { type NodeKeys, tokenJwk } from './keys.ts'

/**
 * A token of the member with this handle, which its running node accepts.
 * @throws SalusError `member-unknown`, `access-order-malformed`, `scope-*`
 */
export async function issueToken(
  node: { readonly handle: string; readonly keys: NodeKeys; readonly genesisText: string },
  order: TokenOrder,
): Promise<string> {
  const member = readGenesis(node.genesisText).members.find(({ handle }) => handle === node.handle)
  if (member === undefined) throw new SalusError('member-unknown', 'the genesis file has no such member')
  const members: Members = { own: member.id, byId: () => undefined, byHandle: () => undefined }
  const database = openSqlite(':memory:', [AUTH_TABLES])
  try {
    const auth = await openAuth({ url: member.url, signingKey: tokenJwk(node.keys), members, database })
    return await auth.issueToken(order)
  } finally {
    await database.close()
  }
}

/** Tokens that an administrator hands out at the machine of the node, where its keys are: nobody needs to be asked. */
import { openAuth, type TokenOrder } from './auth/auth.ts'
import type { Members } from './auth/members.ts'
import { AUTH_TABLES } from './auth/tables.ts'
import { openSqlite } from './db/sqlite.ts'
import { type NodeKeys, tokenJwk } from './keys.ts'

/**
 * A token of `member`, which its running node accepts.
 * @throws SalusError `access-order-malformed`, `scope-*`
 */
export async function issueToken(
  { member, keys }: { readonly member: { readonly id: string; readonly url: string }; readonly keys: NodeKeys },
  order: TokenOrder,
): Promise<string> {
  const members: Members = { own: member.id, byId: () => undefined, byHandle: () => undefined }
  const database = openSqlite(':memory:', [AUTH_TABLES])
  try {
    const auth = await openAuth({ url: member.url, signingKey: tokenJwk(keys), members, database })
    return await auth.issueToken(order)
  } finally {
    await database.close()
  }
}

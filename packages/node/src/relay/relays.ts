/**
 * Other members as carriers: what the own validator cannot take goes to another member's node, whose validator orders
 * it. A transaction is signed by its author and is executed once, so nothing depends on who carries it; what became of
 * it is looked up on the own replica once that is back (outbox/find-transaction.ts).
 */
import { listMembers } from '@salus/contracts'
import { SalusError, toBase64url } from '@salus/core'
import type { Ledger, Receipt, Relay } from '@salus/ledger'
import type { MemberTokenClient } from '../auth/client.ts'
import type { Members } from '../auth/members.ts'
import { fetchMember, replyJson } from '../exchange/fetch-member.ts'
import { readPurpose } from '../gate/purpose.ts'
import { RELAY_REPLY_BYTES_MAX, RELAY_TIMEOUT_MS } from '../limits.ts'
import { ReceiptReply } from './receipt.ts'

export interface RelayParts {
  readonly ledger: Pick<Ledger, 'get'>
  readonly members: Members
  readonly tokens: MemberTokenClient
  /** Says that a transaction went through another member, with the id of that member. */
  readonly onRelay: (member: string) => void
}

/** The other active members, each as a way to the network. */
export function memberRelays({ ledger, members, tokens, onRelay }: RelayParts): readonly Relay[] {
  const others = listMembers(ledger).filter((id) => id !== members.own && members.byId(id)?.status === 'active')
  return others.map((id) => async (transaction) => {
    const receipt = await send({ members, tokens }, id, transaction)
    onRelay(id)
    return receipt
  })
}

async function send(
  { members, tokens }: Pick<RelayParts, 'members' | 'tokens'>,
  id: string,
  transaction: Uint8Array,
): Promise<Receipt> {
  const purpose = readPurpose('HSYSADMIN', undefined).code
  const token = await tokens.tokenFor(id, { practitioner: null, purpose, emergency: null })
  const reply = await fetchMember(`${members.byId(id)?.url}/relay/transactions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ transaction: toBase64url(transaction) }),
    redirect: 'error',
    timeoutMs: RELAY_TIMEOUT_MS,
    replyBytesMax: RELAY_REPLY_BYTES_MAX,
  })
  if (reply.status !== 200) {
    throw new SalusError('relay-refused', 'the other member does not take the transaction', { status: reply.status })
  }
  return ReceiptReply.parse(replyJson(reply))
}

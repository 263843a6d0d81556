/** Who signed: the way from the key of a transaction to the member that acts by it. */
import { type MemberRow, SalusError } from '@salus/core'
import { type Context, refuse } from '../kit.ts'
import { keys, members } from './tables.ts'

/** The codes of {@link activeMember}, for the commands that members sign. */
export const MEMBER_REFUSALS = {
  'not-a-member': 'The signer is not the present signing key of a member.',
  'member-suspended': 'The signer is suspended.',
} as const

/** The active member that signs. A key that was replaced speaks for nobody. */
export function activeMember(context: Context): { readonly id: string; readonly row: MemberRow } {
  const { state, signer } = context
  const key = signer.scheme === 'ed25519' ? keys.get(state, signer.bytes) : undefined
  if (key === undefined || key.untilMs !== null) {
    return refuse('not-a-member', 'the signer is not the present signing key of a member')
  }
  const row = members.get(state, key.memberId)
  if (row === undefined) throw new SalusError('state-inconsistent', 'a signing key without its member')
  if (row.status !== 'active') return refuse('member-suspended', 'the member that signs is suspended')
  return { id: key.memberId, row }
}

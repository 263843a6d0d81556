import { boolean, type Infer, struct } from '@salus/core'
import { type CommandDefinition, refuse } from '../kit.ts'
import { ACTION_REFUSALS } from './action.ts'
import { settle } from './decide.ts'
import { activeMember, MEMBER_REFUSALS } from './signer.ts'
import { ProposalId, proposals } from './tables.ts'

export const VoteArgs = struct({ proposalId: ProposalId, approve: boolean })
export type VoteArgs = Infer<typeof VoteArgs>

export const vote: CommandDefinition<VoteArgs> = {
  name: 'vote',
  doc:
    'An active member casts its one ballot. The proposal passes, and its action is done, when strictly more than two ' +
    'thirds of the members active now approve; a ballot of a member suspended since does not count. A ballot whose ' +
    'action can no longer be done is refused.',
  args: VoteArgs,
  refusals: {
    ...MEMBER_REFUSALS,
    'proposal-unknown': 'There is no such proposal.',
    'proposal-executed': 'The proposal has passed already.',
    'proposal-expired': 'The block time has reached the expiry of the proposal.',
    'already-voted': 'The member has cast its ballot.',
    ...ACTION_REFUSALS,
  },
  execute: (context, { proposalId, approve }) => {
    const { state, timeMs } = context
    const { id } = activeMember(context)
    const proposal = proposals.get(state, proposalId) ?? refuse('proposal-unknown', 'there is no such proposal')
    if (proposal.executedAtMs !== null) refuse('proposal-executed', 'the proposal has passed already')
    if (timeMs >= proposal.expiresAtMs) refuse('proposal-expired', 'the proposal has expired')
    if (proposal.ballots.some((ballot) => ballot.memberId === id)) {
      refuse('already-voted', 'the member has cast its ballot')
    }
    settle(context, proposalId, { ...proposal, ballots: [...proposal.ballots, { memberId: id, approve }] })
  },
}

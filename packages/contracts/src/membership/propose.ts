import { type Infer, struct, uint } from '@salus/core'
import { type CommandDefinition, refuse } from '../kit.ts'
import { ACTION_REFUSALS, checkAction, PROPOSAL_ACTION_REFUSALS } from './action.ts'
import { Action } from './action-schema.ts'
import { settle } from './decide.ts'
import { activeMember, MEMBER_REFUSALS } from './signer.ts'
import { agenda, motions, ProposalId, proposals } from './tables.ts'

/** A proposal stays open at most this long. */
export const PROPOSAL_LIFETIME_MS_MAX = 90 * 24 * 60 * 60 * 1000

/** From block time `expiresAtMs` on, the proposal can no longer pass. */
export const ProposeArgs = struct({ proposalId: ProposalId, action: Action, expiresAtMs: uint() })
export type ProposeArgs = Infer<typeof ProposeArgs>

export const propose: CommandDefinition<ProposeArgs> = {
  name: 'propose',
  doc:
    'An active member proposes an action, which counts as its approval. ' +
    'Where that is already more than two thirds, as in a network of one, the action is done at once.',
  args: ProposeArgs,
  refusals: {
    ...MEMBER_REFUSALS,
    'proposal-exists': 'The identifier is taken.',
    'proposal-expiry-invalid': 'The expiry is not after the block time, or more than 90 days after it.',
    ...PROPOSAL_ACTION_REFUSALS,
    ...ACTION_REFUSALS,
  },
  execute: (context, { proposalId, action, expiresAtMs }) => {
    const { state, timeMs } = context
    const proposer = activeMember(context).id
    if (proposals.get(state, proposalId) !== undefined) refuse('proposal-exists', 'the identifier is taken')
    if (expiresAtMs <= timeMs || expiresAtMs > timeMs + PROPOSAL_LIFETIME_MS_MAX) {
      refuse('proposal-expiry-invalid', 'a proposal must expire after its block and within 90 days of it')
    }
    checkAction(context, action)
    const { proposals: index } = agenda.get(state) ?? { proposals: 0 }
    motions.put(state, { proposalId }, index)
    agenda.put(state, { proposals: index + 1 })
    const ballots = [{ memberId: proposer, approve: true }]
    settle(context, proposalId, { action, proposer, proposedAtMs: timeMs, expiresAtMs, executedAtMs: null, ballots })
  },
}

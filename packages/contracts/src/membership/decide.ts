/**
 * The rule of decision: strictly more than two thirds of the members that are active now approve. It is checked
 * whenever a ballot is cast, over all ballots cast so far: those of members suspended since do not count, and those of
 * members reinstated count again.
 */
import type { Context } from '../kit.ts'
import { applyAction } from './action.ts'
import { readCount } from './members.ts'
import { members, type ProposalRow, proposals } from './tables.ts'

/** Stores the proposal after one more ballot, and executes it when it passes. */
export function settle(context: Context, proposalId: Uint8Array, proposal: ProposalRow): void {
  const passed = isPassed(context, proposal)
  if (passed) applyAction(context, proposal.action)
  proposals.put(context.state, { ...proposal, executedAtMs: passed ? context.timeMs : null }, proposalId)
}

function isPassed({ state }: Context, { ballots }: ProposalRow): boolean {
  const { active } = readCount(state)
  let approving = 0
  for (const { memberId, approve } of ballots) {
    if (approve && members.get(state, memberId)?.status === 'active') approving++
  }
  return 3 * approving > 2 * active
}

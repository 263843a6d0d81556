/** The members that tests share. */
import assert from 'node:assert/strict'
import { call, membership, type ProposeArgs, propose, vote } from '../src/index.ts'
import { id, MemoryLedger, testKey, testMember } from './memory-ledger.ts'

export const ada = testMember('ada')
export const bert = testMember('bert')
export const cleo = testMember('cleo')
export const dora = testMember('dora')
export const stranger = testKey('stranger')

const DAY_MS = 24 * 60 * 60 * 1000

/** The call by which an action is proposed under `name`, open for a day. */
export function proposal(ledger: MemoryLedger, name: string, action: ProposeArgs['action']) {
  const args = { proposalId: id(name), action, expiresAtMs: ledger.timeMs + DAY_MS }
  return call(membership, propose, args)
}

/** The call by which a member votes on the proposal made under `name`. */
export function ballot(name: string, approve = true) {
  return call(membership, vote, { proposalId: id(name), approve })
}

/** Has the other three of four members suspend Ada. */
export function suspendAda(ledger: MemoryLedger): MemoryLedger {
  const action = { kind: 'suspend', value: { memberId: ada.id } } as const
  const code =
    ledger.apply(bert.key, proposal(ledger, 'suspend ada', action)) ??
    ledger.apply(cleo.key, ballot('suspend ada')) ??
    ledger.apply(dora.key, ballot('suspend ada'))
  assert.equal(code, null)
  return ledger
}

/** A ledger of the four members. */
export function fourMembers(): MemoryLedger {
  return new MemoryLedger(ada, bert, cleo, dora)
}

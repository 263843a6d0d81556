import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ada, ballot, bert, cleo, dora, fourMembers, proposal, stranger, suspendAda } from '../../test/members.ts'
import { admission, id, MemoryLedger, testMember, validating } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { call, count, handles, keys, members, membership, proposals, propose, protocol } from '../index.ts'
import { PROPOSAL_LIFETIME_MS_MAX } from './propose.ts'
import { MEMBERS_MAX } from './tables.ts'

const eve = testMember('eve')
const admitEve = admission(eve)
const suspend = (memberId: string) => ({ kind: 'suspend', value: { memberId } }) as const
const reinstate = (memberId: string) => ({ kind: 'reinstate', value: { memberId } }) as const
const upgrade = (version: number, atHeight: number) =>
  ({ kind: 'protocol-version', value: { version, atHeight } }) as const

test('a proposal holds the approval of its proposer, and nothing is done yet', () => {
  const ledger = fourMembers()
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'p', admitEve)), null)
  assert.deepEqual(proposals.get(ledger.state, id('p')), {
    action: admitEve,
    proposer: ada.id,
    proposedAtMs: ledger.timeMs,
    expiresAtMs: ledger.timeMs + 24 * 60 * 60 * 1000,
    executedAtMs: null,
    ballots: [{ memberId: ada.id, approve: true }],
  })
  assert.equal(members.get(ledger.state, eve.id), undefined)
})

test('the only member decides at once', () => {
  const ledger = new MemoryLedger(ada)
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'p', admitEve)), null)
  const { id: memberId, ...genesis } = eve.genesis
  const { timeMs } = ledger
  const expected = { ...genesis, status: 'active', admittedAtMs: timeMs, keySinceMs: timeMs }
  assert.deepEqual(members.get(ledger.state, memberId), expected)
  assert.deepEqual(keys.get(ledger.state, eve.key.bytes), { memberId, sinceMs: timeMs, untilMs: null })
  assert.deepEqual(handles.get(ledger.state, 'eve'), { memberId })
  assert.deepEqual(count.get(ledger.state), { members: 2, active: 2 })
  assert.equal(proposals.get(ledger.state, id('p'))?.executedAtMs, timeMs)
})

test('a proposal may live its longest', () => {
  const ledger = fourMembers()
  const expiresAtMs = ledger.timeMs + PROPOSAL_LIFETIME_MS_MAX
  const proposing = call(membership, propose, { proposalId: id('p'), action: admitEve, expiresAtMs })
  assert.equal(ledger.apply(ada.key, proposing), null)
})

test('a member that comes back acts under its old key', () => {
  const ledger = suspendAda(fourMembers())
  assert.deepEqual(count.get(ledger.state), { members: 4, active: 3 })
  assert.equal(ledger.apply(bert.key, proposal(ledger, 'back', reinstate(ada.id))), null)
  assert.equal(ledger.apply(cleo.key, ballot('back')), null)
  assert.equal(ledger.apply(dora.key, ballot('back')), null)
  assert.deepEqual(count.get(ledger.state), { members: 4, active: 4 })
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'p', admitEve)), null)
})

test('a pending version gives way to a newer decision, and one in force does not', () => {
  const ledger = new MemoryLedger(ada)
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'p', upgrade(2, 10))), null)
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'q', upgrade(2, 20))), null)
  assert.deepEqual(protocol.get(ledger.state), { version: 1, pending: { version: 2, height: 20 } })
  ledger.height = 20
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'r', upgrade(2, 30))), 'protocol-version-invalid')
  assert.equal(ledger.apply(ada.key, proposal(ledger, 'r', upgrade(3, 30))), null)
  assert.deepEqual(protocol.get(ledger.state), { version: 2, pending: { version: 3, height: 30 } })
})

function proposingUntil(expiresAtMs: number) {
  const proposing = call(membership, propose, { proposalId: id('p'), action: admitEve, expiresAtMs })
  return fourMembers().apply(ada.key, proposing)
}

function proposing(action: Parameters<typeof proposal>[2], ledger = fourMembers()) {
  return ledger.apply(ada.key, proposal(ledger, 'p', action))
}

test('an expiry beyond the longest is refused', () => {
  const { timeMs } = fourMembers()
  assert.equal(proposingUntil(timeMs + PROPOSAL_LIFETIME_MS_MAX + 1), 'proposal-expiry-invalid')
})

testRefusals(propose, {
  'not-a-member': () => {
    const ledger = fourMembers()
    return ledger.apply(stranger, proposal(ledger, 'p', admitEve))
  },
  'member-suspended': () => proposing(admitEve, suspendAda(fourMembers())),
  'proposal-exists': () => {
    const ledger = fourMembers()
    return ledger.apply(ada.key, proposal(ledger, 'p', admitEve), proposal(ledger, 'p', upgrade(2, 10)))
  },
  'proposal-expiry-invalid': () => proposingUntil(fourMembers().timeMs),
  'member-unknown': () => proposing(suspend(eve.id)),
  'key-already-used': () => {
    const other = admission(testMember('other'))
    return proposing({ ...other, value: { ...other.value, signingKey: bert.key.bytes } })
  },
  'handle-taken': () => proposing({ ...admitEve, value: { ...admitEve.value, handle: 'bert' } }),
  'members-full': () => {
    const ledger = fourMembers()
    count.put(ledger.state, { members: MEMBERS_MAX, active: 4 })
    return proposing(admitEve, ledger)
  },
  'member-not-active': () => {
    const ledger = suspendAda(fourMembers())
    return ledger.apply(bert.key, proposal(ledger, 'p', suspend(ada.id)))
  },
  'member-not-suspended': () => proposing(reinstate(bert.id)),
  'last-active-member': () => proposing(suspend(ada.id), new MemoryLedger(ada)),
  'last-validator': () => proposing(suspend(bert.id), new MemoryLedger(ada, validating(bert))),
  'protocol-version-invalid': () => proposing(upgrade(1, 10)),
})

test('a version cannot be in force in the block that decides it', () => {
  assert.equal(proposing(upgrade(2, 1)), 'protocol-version-invalid')
  assert.equal(proposing(upgrade(2, 2)), null)
})

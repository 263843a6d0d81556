import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ada, ballot, bert, cleo, dora, fourMembers, proposal, stranger, suspendAda } from '../../test/members.ts'
import { admission, id, MemoryLedger, testMember, validating } from '../../test/memory-ledger.ts'
import { testRefusals } from '../../test/refusals.ts'
import { count, members, type ProposeArgs, proposals, vote } from '../index.ts'
import { MEMBERS_MAX } from './tables.ts'

type Action = ProposeArgs['action']

const eve = testMember('eve')
const admitEve = admission(eve)
const suspend = (memberId: string): Action => ({ kind: 'suspend', value: { memberId } })
const reinstate = (memberId: string): Action => ({ kind: 'reinstate', value: { memberId } })

/** Four members, and Ada's proposals by name. */
function proposed(actions: Record<string, Action>, ledger = fourMembers()): MemoryLedger {
  for (const [name, action] of Object.entries(actions)) {
    assert.equal(ledger.apply(ada.key, proposal(ledger, name, action)), null)
  }
  return ledger
}

test('the action is done by the ballot that makes more than two thirds', () => {
  const ledger = proposed({ p: admitEve })
  assert.equal(ledger.apply(bert.key, ballot('p')), null)
  assert.equal(members.get(ledger.state, eve.id), undefined)
  ledger.timeMs += 10
  assert.equal(ledger.apply(cleo.key, ballot('p')), null)
  assert.equal(members.get(ledger.state, eve.id)?.admittedAtMs, ledger.timeMs)
  assert.equal(proposals.get(ledger.state, id('p'))?.executedAtMs, ledger.timeMs)
})

test('two thirds exactly are not enough', () => {
  const ledger = new MemoryLedger(ada, bert, cleo)
  proposed({ p: admitEve }, ledger)
  assert.equal(ledger.apply(bert.key, ballot('p')), null)
  assert.equal(members.get(ledger.state, eve.id), undefined)
  assert.equal(ledger.apply(cleo.key, ballot('p')), null)
  assert.equal(members.get(ledger.state, eve.id)?.status, 'active')
})

test('a proposal passes exactly when three times the approvals are more than twice the members', () => {
  const seats = Array.from({ length: 10 }, (_, i) => testMember(`seat-${i}`))
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 9 }), (rest) => {
      const voters = [true, ...rest].map((approve, i) => ({ member: seats[i] as typeof eve, approve }))
      const ledger = new MemoryLedger(...voters.map(({ member }) => member))
      let approvals = 0
      let done = false
      for (const [i, { member, approve }] of voters.entries()) {
        const command = i === 0 ? proposal(ledger, 'p', admitEve) : ballot('p', approve)
        assert.equal(ledger.apply(member.key, command), done ? 'proposal-executed' : null)
        if (approve) approvals++
        done ||= 3 * approvals > 2 * voters.length
        assert.equal(members.get(ledger.state, eve.id) !== undefined, done)
      }
    }),
    { numRuns: 60 },
  )
})

test('the ballot of a member suspended since does not count, and counts again once it is back', () => {
  const ledger = suspendAda(proposed({ p: admitEve }))
  assert.equal(ledger.apply(bert.key, ballot('p')), null)
  assert.equal(ledger.apply(cleo.key, ballot('p')), null)
  assert.equal(members.get(ledger.state, eve.id), undefined, 'two of three active members')
  for (const [member, command] of [
    [bert, proposal(ledger, 'back', reinstate(ada.id))],
    [cleo, ballot('back')],
    [dora, ballot('back')],
  ] as const) {
    assert.equal(ledger.apply(member.key, command), null)
  }
  assert.equal(members.get(ledger.state, eve.id), undefined, 'a proposal is settled by ballots alone')
  assert.equal(ledger.apply(dora.key, ballot('p', false)), null)
  assert.equal(members.get(ledger.state, eve.id)?.status, 'active', 'three of four')
})

test('a ballot whose action can no longer be done leaves no trace', () => {
  const ledger = proposed({ p: admitEve, q: { ...admitEve, value: { ...admitEve.value, handle: 'eva' } } })
  for (const member of [bert, cleo]) assert.equal(ledger.apply(member.key, ballot('p')), null)
  assert.equal(ledger.apply(bert.key, ballot('q')), null)
  assert.equal(ledger.apply(cleo.key, ballot('q')), null, 'Eve is a member too by now: three of five')
  const before = ledger.dump()
  assert.equal(ledger.apply(dora.key, ballot('q')), 'key-already-used')
  assert.deepEqual(ledger.dump(), before)
})

/** Ballots of Bert and Cleo on each proposal in turn, the last of which passes it: the code of the very last. */
function voting(ledger: MemoryLedger, ...names: string[]): string | null {
  let code: string | null = null
  for (const name of names) {
    assert.equal(code, null)
    assert.equal(ledger.apply(bert.key, ballot(name)), null)
    code = ledger.apply(cleo.key, ballot(name))
  }
  return code
}

testRefusals(vote, {
  'not-a-member': () => proposed({ p: admitEve }).apply(stranger, ballot('p')),
  'member-suspended': () => suspendAda(proposed({ p: admitEve })).apply(ada.key, ballot('p')),
  'proposal-unknown': () => fourMembers().apply(bert.key, ballot('p')),
  'proposal-executed': () => {
    const ledger = proposed({ p: suspend(dora.id) })
    assert.equal(voting(ledger, 'p'), null)
    return ledger.apply(ada.key, ballot('p'))
  },
  'proposal-expired': () => {
    const ledger = proposed({ p: admitEve })
    ledger.timeMs = proposals.get(ledger.state, id('p'))?.expiresAtMs as number
    return ledger.apply(bert.key, ballot('p'))
  },
  'already-voted': () => proposed({ p: admitEve }).apply(ada.key, ballot('p', false)),
  'key-already-used': () => {
    const again = { ...admitEve, value: { ...admitEve.value, handle: 'eva' } }
    const ledger = proposed({ p: admitEve, q: again })
    assert.equal(voting(ledger, 'p', 'q'), null)
    return ledger.apply(dora.key, ballot('q'))
  },
  'handle-taken': () => {
    const other = admission(testMember('other'))
    const ledger = proposed({ p: admitEve, q: { ...other, value: { ...other.value, handle: 'eve' } } })
    assert.equal(voting(ledger, 'p', 'q'), null)
    return ledger.apply(dora.key, ballot('q'))
  },
  'members-full': () => {
    const ledger = proposed({ p: admitEve })
    count.put(ledger.state, { members: MEMBERS_MAX, active: 4 })
    return voting(ledger, 'p')
  },
  'member-not-active': () => voting(proposed({ p: suspend(dora.id), q: suspend(dora.id) }), 'p', 'q'),
  'member-not-suspended': () => {
    const ledger = proposed({ p: suspend(dora.id) })
    assert.equal(voting(ledger, 'p'), null)
    return voting(proposed({ q: reinstate(dora.id), r: reinstate(dora.id) }, ledger), 'q', 'r')
  },
  'last-active-member': () => {
    const ledger = new MemoryLedger(ada, bert)
    proposed({ p: suspend(ada.id), q: suspend(bert.id) }, ledger)
    assert.equal(ledger.apply(bert.key, ballot('p')), null)
    return ledger.apply(bert.key, ballot('q'))
  },
  'last-validator': () => {
    const ledger = new MemoryLedger(validating(ada), bert, cleo, validating(dora))
    return voting(proposed({ p: suspend(dora.id), q: suspend(ada.id) }, ledger), 'p', 'q')
  },
  'protocol-version-invalid': () => {
    const ledger = proposed({ p: { kind: 'protocol-version', value: { version: 2, atHeight: 10 } } })
    ledger.height = 10
    return voting(ledger, 'p')
  },
})

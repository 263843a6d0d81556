import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CometHeader, CommitHop, decode, encode, isSalusError, SalusError, sha256, utf8 } from '@salus/core'
import fc from 'fast-check'
import { type BlockSpec, headerOf, hopOf, sign, validatorsOf } from '../../test/comet-network.ts'
import { type RealBlock, realNetwork } from '../../test/comet-vectors.ts'
import { validatorsHash } from './encoding.ts'
import { followHop, type Trust } from './trust.ts'

const START_MS = 1_790_000_000_000
const PERIOD_MS = 1_000_000
const ABCD = ['a', 'b', 'c', 'd']
const fails = (code: string) => (error: unknown) => isSalusError(error, `checkpoint-commit-${code}`)

function trustIn(names: readonly string[], change: Partial<Trust> = {}): Trust {
  const validators = validatorsOf(names)
  const time = { seconds: START_MS / 1000, nanos: 0 }
  const nextValidatorsHash = validatorsHash(validators)
  return { chainId: 'c', trustingPeriodMs: PERIOD_MS, height: 0, time, validators, nextValidatorsHash, ...change }
}

function spec(names: readonly string[], change: Partial<BlockSpec> = {}): BlockSpec {
  return { chainId: 'c', height: 10, timeMs: START_MS + 5000, validators: validatorsOf(names), ...change }
}

/** The first of the captured blocks in which one validator has more power than the others. */
const GROWN = 4

test('real headers follow one by one, and skipping', () => {
  for (const name of ['one-validator', 'four-validators'] as const) {
    const { blocks, trust } = realNetwork(name)
    const hops = blocks.map(({ hop }) => hop)
    const { height, validators } = hops.reduce(followHop, trust)
    assert.deepEqual([height, validators], [hops.at(-1)?.header.height, hops.at(-1)?.validators])
    for (const hop of hops) assert.equal(followHop(trust, hop).height, hop.header.height)
    assert.throws(() => followHop({ ...trust, chainId: 'another' }, hops[0] as CommitHop), fails('chain'))
  }
})

test('a real commit with too few of its signatures is refused', () => {
  const { blocks, trust } = realNetwork('four-validators')
  const { hop } = blocks[GROWN] as RealBlock
  const alone = {
    ...hop,
    commit: { ...hop.commit, signatures: hop.commit.signatures.map((s, i) => (i === 0 ? s : null)) },
  }
  assert.throws(() => followHop(trust, alone), fails('trust'))
  // Of its own height's power the first validator has half.
  const before = followHop(trust, (blocks[GROWN - 1] as RealBlock).hop)
  assert.throws(() => followHop(before, alone), fails('power'))
})

test('every changed byte of a real header with its commit is noticed', () => {
  const { blocks, trust } = realNetwork('four-validators')
  const before = followHop(trust, (blocks[1] as RealBlock).hop)
  for (const { hop } of [blocks[2] as RealBlock, blocks[GROWN] as RealBlock]) {
    const bytes = encode(CommitHop, hop)
    followHop(before, decode(CommitHop, bytes))
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const changed = bytes.with(i, (bytes[i] as number) ^ flip)
        assert.throws(() => followHop(before, decode(CommitHop, changed)), SalusError, `byte ${i}`)
      }
    }
  }
})

test('more than two thirds of the own validators must sign', () => {
  assert.equal(followHop(trustIn(ABCD), hopOf(spec(ABCD, { signers: ['a', 'b', 'c'] }))).height, 10)
  assert.throws(() => followHop(trustIn(ABCD), hopOf(spec(ABCD, { signers: ['a', 'b'] }))), fails('power'))
  const three = ['a', 'b', 'c']
  assert.throws(() => followHop(trustIn(three), hopOf(spec(three, { signers: ['a', 'b'] }))), fails('power'))
})

test('more than a third of the trusted validators must sign', () => {
  assert.equal(followHop(trustIn(ABCD), hopOf(spec(['a', 'b', 'x', 'y']))).height, 10)
  assert.throws(() => followHop(trustIn(ABCD), hopOf(spec(['a', 'x', 'y', 'z']))), fails('trust'))
  assert.throws(() => followHop(trustIn(['a', 'b', 'c']), hopOf(spec(['a', 'x', 'y']))), fails('trust'))
  // Those who are in the set and do not sign do not count.
  const six = ['a', 'b', 'u', 'v', 'w', 'x', 'y']
  assert.throws(() => followHop(trustIn(ABCD), hopOf(spec(six, { signers: six.slice(1) }))), fails('trust'))
})

test('trust is of the power that the trusted header gave', () => {
  const [a] = validatorsOf(['a'], 30)
  const weighed = trustIn(ABCD, { validators: [a as typeof a & object, ...validatorsOf(['b', 'c', 'd'])] })
  assert.equal(followHop(weighed, hopOf(spec(['a', 'x', 'y', 'z']))).height, 10)
  assert.throws(() => followHop(weighed, hopOf(spec(['b', 'c', 'x', 'y']))), fails('trust'))
})

test('the next header has the validators that were announced, whoever they are', () => {
  const next = { height: 11, timeMs: START_MS + 6000 }
  const announcing = followHop(trustIn(['a']), hopOf(spec(['a'], { next: validatorsOf(['b']) })))
  assert.equal(followHop(announcing, hopOf(spec(['b'], next))).height, 11)
  assert.throws(() => followHop(announcing, hopOf(spec(['a'], next))), fails('trust'))
  assert.throws(() => followHop(trustIn(['a', 'b']), hopOf(spec(['a'], { ...next, height: 1 }))), fails('trust'))
})

test('trust reaches through changes of all validators, one at a time', () => {
  const names = 'abcdefghijklmnop'.split('')
  const hops = Array.from({ length: 7 }, (_, i) =>
    hopOf(spec(names.slice(2 * i, 2 * i + 4), { height: 10 * (i + 1), timeMs: START_MS + 1000 * (i + 1) })),
  )
  assert.equal(hops.reduce(followHop, trustIn(ABCD)).height, 70)
  assert.throws(() => hops.toSpliced(3, 1).reduce(followHop, trustIn(ABCD)), fails('trust'))
})

test('heights and times rise, and stay within the trusting period', () => {
  const at = (height: number, timeMs: number) => hopOf(spec(ABCD, { height, timeMs }))
  const trust = followHop(trustIn(ABCD), at(10, START_MS + 5000))
  assert.throws(() => followHop(trust, at(10, START_MS + 6000)), fails('order'))
  assert.throws(() => followHop(trust, at(9, START_MS + 6000)), fails('order'))
  assert.throws(() => followHop(trust, at(11, START_MS + 5000)), fails('order'))
  assert.throws(() => followHop(trust, at(11, START_MS + 4000)), fails('order'))
  assert.equal(followHop(trust, at(11, START_MS + 5001)).height, 11)
  assert.throws(() => followHop(trust, at(99, START_MS + 5000 + PERIOD_MS)), fails('expired'))
  assert.equal(followHop(trust, at(99, START_MS + 5000 + PERIOD_MS - 1)).height, 99)
  // The first block alone has the time of the genesis.
  assert.equal(followHop(trustIn(ABCD), at(1, START_MS)).height, 1)
  assert.throws(() => followHop(trustIn(ABCD), at(1, START_MS - 1)), fails('order'))
})

test('validators are those of the header, in order, each once', () => {
  const { header, commit, validators } = hopOf(spec(ABCD))
  const trust = trustIn(ABCD)
  const refuses = (code: string, change: Partial<CommitHop>) =>
    assert.throws(() => followHop(trust, { header, commit, validators, ...change }), fails(code))
  refuses('validators', { validators: validators.toReversed() })
  refuses('validators', { validators: validatorsOf(['a', 'b', 'c', 'e']) })
  refuses('validators', { validators: validatorsOf(ABCD, 11) })
  refuses('malformed', { validators: validators.slice(1) })
  refuses('malformed', { commit: { ...commit, signatures: commit.signatures.slice(1) } })
  refuses('malformed', { commit: { ...commit, signatures: [...commit.signatures, null] } })
  for (const set of [
    validatorsOf(['a', 'b', 'c', 'c']),
    [...validatorsOf(['a', 'b', 'c']), ...validatorsOf(['d'], 0)],
  ]) {
    assert.throws(() => followHop(trust, hopOf(spec([], { validators: set }))), fails('malformed'))
  }
})

test('every signature that is given must hold, needed or not', () => {
  const hop = hopOf(spec(ABCD))
  const { header, commit, validators } = hop
  const trust = trustIn(ABCD)
  const signed = commit.signatures as readonly { time: CometHeader['time']; signature: Uint8Array }[]
  const refuses = (change: Partial<CommitHop['commit']>) =>
    assert.throws(() => followHop(trust, { ...hop, commit: { ...commit, ...change } }), fails('signature'))
  for (const [i, one] of signed.entries()) {
    const other = signed[(i + 1) % 4] as typeof one
    refuses({
      signatures: signed.with(i, { ...one, signature: one.signature.with(5, 1 ^ (one.signature[5] as number)) }),
    })
    refuses({ signatures: signed.with(i, { ...one, time: { ...one.time, nanos: one.time.nanos + 1 } }) })
    refuses({ signatures: signed.with(i, other) })
    // Three of four are enough.
    assert.equal(
      followHop(trust, { ...hop, commit: { ...commit, signatures: commit.signatures.with(i, null) } }).height,
      10,
    )
  }
  refuses({ round: 0 })
  refuses({ parts: { ...commit.parts, total: 2 } })
  assert.throws(() => followHop(trust, { ...hop, header: { ...header, app_hash: sha256() } }), fails('signature'))
  const otherChain = sign(headerOf(spec(ABCD, { chainId: 'd' })), validators).commit
  assert.throws(() => followHop(trust, { ...hop, commit: otherChain }), fails('signature'))
})

test('signers below the bounds never pass, whoever they are', () => {
  const names = 'abcdefgh'.split('')
  const sets = fc.record({
    trusted: fc.subarray(names, { minLength: 1 }),
    own: fc.subarray(names, { minLength: 1 }),
    signers: fc.subarray(names),
  })
  fc.assert(
    fc.property(sets, ({ trusted, own, signers }) => {
      const signing = own.filter((name) => signers.includes(name))
      const known = signing.filter((name) => trusted.includes(name))
      const isEnough = 3 * signing.length > 2 * own.length && 3 * known.length > trusted.length
      const follow = () => followHop(trustIn(trusted), hopOf(spec(own, { signers })))
      if (isEnough) assert.equal(follow().height, 10)
      else assert.throws(follow, (error) => fails('power')(error) || fails('trust')(error))
    }),
    { numRuns: 300 },
  )
})

test('a header that others forked off is none of this network', () => {
  const forged = hopOf(spec(['x', 'y', 'z'], { appHash: sha256(utf8('forged')) }))
  assert.throws(() => followHop(trustIn(ABCD), forged), fails('trust'))
})

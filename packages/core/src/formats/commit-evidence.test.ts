import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equalBytes, fromBase64, fromHex, toHex, utf8 } from '../bytes.ts'
import { encodeCbor } from '../cbor.ts'
import { isSalusError, SalusError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { commitCheckpoint } from './checkpoint.ts'
import { chainIdOf, cometAddress, VALIDATORS_MAX } from './cometbft.ts'
import {
  type CometHeader,
  CommitEvidence,
  type CommitHop,
  cometTimeMs,
  decodeCommitEvidence,
  encodeCommitEvidence,
  HOPS_MAX,
} from './commit-evidence.ts'

const hash = (name: string) => sha256(utf8(name))
const time = { seconds: 1_790_000_001, nanos: 234_567_890 }
const header: CometHeader = {
  version: { block: 11, app: 1 },
  chain_id: chainIdOf(hash('ledger')),
  height: 2,
  time,
  last_block_id: { hash: hash('block 1'), parts: { total: 1, hash: hash('parts 1') } },
  last_commit_hash: hash('commit 1'),
  data_hash: hash('data'),
  validators_hash: hash('validators'),
  next_validators_hash: hash('next validators'),
  consensus_hash: hash('parameters'),
  app_hash: hash('app'),
  last_results_hash: hash('results'),
  evidence_hash: sha256(),
  proposer_address: cometAddress(hash('key')),
}
const hop: CommitHop = {
  header,
  commit: {
    round: 0,
    parts: { total: 1, hash: hash('parts 2') },
    signatures: [{ time, signature: new Uint8Array(64).fill(7) }, null],
  },
  validators: [
    { publicKey: hash('key'), power: 10 },
    { publicKey: hash('other key'), power: 10 },
  ],
}
const evidence: CommitEvidence = { previous: { ...header, height: 1 }, hops: [hop] }
const mismatch = (error: unknown) => isSalusError(error, 'schema-mismatch')

test('evidence returns from its bytes', () => {
  assert.deepEqual(decodeCommitEvidence(encodeCommitEvidence(evidence)), evidence)
  const first = { ...evidence, previous: null }
  assert.deepEqual(decodeCommitEvidence(encodeCommitEvidence(first)), first)
})

test('what decodes is the one encoding of what it decodes to', () => {
  const bytes = encodeCommitEvidence(evidence)
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(edits, (list) => {
      const changed = list.reduce((sofar, [at, byte]) => sofar.with(at, byte), bytes)
      try {
        assert.ok(equalBytes(encodeCommitEvidence(decodeCommitEvidence(changed)), changed))
      } catch (error) {
        assert.ok(error instanceof SalusError && /^(cbor|schema)-/.test(error.code), String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('bounds hold', () => {
  const [first, second] = hop.validators
  const odd: readonly CommitEvidence[] = [
    { ...evidence, hops: [] },
    { ...evidence, hops: Array(HOPS_MAX + 1).fill(hop) },
    { ...evidence, hops: [{ ...hop, validators: Array(VALIDATORS_MAX + 1).fill(first) }] },
    { ...evidence, hops: [{ ...hop, validators: [] }] },
    { ...evidence, hops: [{ ...hop, validators: [{ publicKey: hash('k').subarray(1), power: 1 }] }] },
    {
      ...evidence,
      hops: [{ ...hop, validators: [{ ...hop.validators[0], power: 2 ** 40 } as typeof first & object] }],
    },
    { ...evidence, hops: [{ ...hop, commit: { ...hop.commit, round: 2 ** 31 } }] },
    { ...evidence, hops: [{ ...hop, header: { ...header, chain_id: 'x'.repeat(51) } }] },
    { ...evidence, hops: [{ ...hop, header: { ...header, time: { seconds: 0, nanos: 1_000_000_000 } } }] },
    { ...evidence, hops: [{ ...hop, header: { ...header, app_hash: new Uint8Array(33) } }] },
  ]
  assert.ok(second)
  for (const value of odd) {
    const bytes = encodeCbor(CommitEvidence.toCbor(value))
    assert.throws(() => decodeCommitEvidence(bytes), mismatch)
  }
})

test('a note carries the evidence in its one signature line', () => {
  const origin = `salus/${toHex(hash('ledger'))}`
  const checkpoint = { origin, logSize: 1, logRoot: hash('log'), stateRoot: hash('state'), height: 1, timeMs: 5 }
  const note = commitCheckpoint({ ...checkpoint, protocol: 1 }, evidence)
  const line = note.split('\n').at(-2) as string
  const content = fromBase64(line.slice(`— ${origin} `.length))
  const keyId = sha256(utf8(`${origin}\n`), Uint8Array.of(0xff), utf8('salus/cometbft-commit')).subarray(0, 4)
  assert.deepEqual(content.subarray(0, 4), keyId)
  assert.deepEqual(decodeCommitEvidence(content.subarray(4)), evidence)
})

test('names and times on both sides', () => {
  assert.equal(chainIdOf(fromHex('0123456789abcdef'.repeat(4))), 'salus-0123456789abcdef0123456789abcdef01234567')
  assert.equal(cometTimeMs(time), 1_790_000_001_234)
  assert.equal(cometTimeMs({ seconds: 1, nanos: 999_999 }), 1000)
  assert.equal(cometTimeMs({ seconds: 0, nanos: 999_999_999 }), 999)
  // RFC 8032 section 7.1, the public key of test 1.
  const key = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  assert.deepEqual(cometAddress(key), sha256(key).subarray(0, 20))
})

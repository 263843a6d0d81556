import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Checkpoint,
  type CommitEvidence,
  type CommitHop,
  chainIdOf,
  checkpointOrigin,
  checkpointText,
  commitCheckpoint,
  commitNoteKeyId,
  ed25519PublicKey,
  ed25519Sign,
  encodeCommitEvidence,
  equalBytes,
  fromBase64,
  type GenesisContent,
  HOPS_MAX,
  isSalusError,
  memberId,
  noteSignatureLine,
  readGenesis,
  SalusError,
  sha256,
  signCheckpoint,
  toBase64,
  utf8,
  VALIDATORS_MAX,
  writeGenesis,
} from '@salus/core'
import fc from 'fast-check'
import { commitNote, consensusKey, hopOf, lastBlocks, validatorsOf } from '../../test/comet-network.ts'
import { seed } from '../../test/world.ts'
import { NOTE_LENGTH_MAX, openBareCheckpoint, openCheckpoint, withoutWitnesses } from '../checkpoint.ts'

const START_MS = 1_790_000_000_000
const PERIOD_MS = 1_209_600_000
const ABCD = ['a', 'b', 'c', 'd']
const set = validatorsOf(ABCD)
const fails =
  (...codes: string[]) =>
  (error: unknown) =>
    codes.some((code) => isSalusError(error, code) || isSalusError(error, `checkpoint-commit-${code}`))

function genesisOf(names: readonly string[], network = 'test') {
  const members = names.map((name) => ({
    id: memberId(name, ed25519PublicKey(seed(name))),
    handle: name,
    name,
    roles: ['provider' as const],
    signingKey: ed25519PublicKey(seed(name)),
    encryptionKey: seed(`${name} encryption`),
    url: 'https://example.org',
  }))
  const validators = members.map(({ id, name }) => ({ memberId: id, publicKey: consensusKey(name) }))
  const engine: GenesisContent['engine'] = { kind: 'cometbft', trustingPeriodMs: PERIOD_MS, validators }
  const content = { format: 'salus-genesis/1', network, timeMs: START_MS, protocol: 1, engine, members } as const
  return readGenesis(writeGenesis(content))
}

const genesis = genesisOf(ABCD)
const chainId = chainIdOf(genesis.ledgerId)
const checkpoint: Checkpoint = {
  origin: checkpointOrigin(genesis),
  logSize: 3,
  logRoot: sha256(utf8('log')),
  stateRoot: sha256(utf8('state')),
  height: 7,
  timeMs: START_MS + 60_000,
  protocol: 1,
}
const note = commitNote(genesis, checkpoint, set)
const { previous, last } = lastBlocks(genesis, checkpoint, set)
const noteOf = (evidence: Partial<CommitEvidence>, stated = checkpoint) =>
  commitCheckpoint(stated, { previous, hops: [last], ...evidence })
const refuses = (code: string, changed: string) => assert.throws(() => openCheckpoint(changed, genesis), fails(code))

test('a checkpoint opens to what the validators committed to', () => {
  assert.deepEqual(openCheckpoint(note, genesis), checkpoint)
  assert.deepEqual(openBareCheckpoint(note, genesis), checkpoint)
  assert.equal(withoutWitnesses(note, genesis), note)
})

test('the state of the genesis is proven by the first header', () => {
  const first = { ...checkpoint, logSize: 0, height: 0, timeMs: START_MS }
  assert.deepEqual(openCheckpoint(commitNote(genesis, first, set), genesis), first)
  const late = { ...first, timeMs: START_MS + 1 }
  refuses('text', commitNote(genesis, late, set, { timeMs: START_MS }))
})

test('a genesis of other validators, or of another network, does not trust it', () => {
  assert.throws(() => openCheckpoint(note, genesisOf(ABCD, 'other')), fails('checkpoint-origin'))
  const strangers = genesisOf(['w', 'x', 'y', 'z'])
  const stated = { ...checkpoint, origin: checkpointOrigin(strangers) }
  assert.throws(() => openCheckpoint(commitNote(strangers, stated, set), strangers), fails('trust'))
  refuses('chain', commitNote(strangers, checkpoint, set))
})

test('the text says what the header says', () => {
  const other = {
    logSize: 4,
    logRoot: sha256(),
    stateRoot: sha256(),
    protocol: 2,
    timeMs: START_MS + 60_001,
    height: 8,
  }
  for (const [name, value] of Object.entries(other)) refuses('text', noteOf({}, { ...checkpoint, [name]: value }))
  refuses('text', commitNote(genesis, checkpoint, set, { appHash: sha256() }))
})

test('the header before the last one is its parent', () => {
  refuses('previous', noteOf({ previous: null }))
  refuses('previous', noteOf({ previous: last.header }))
  const header = previous as NonNullable<typeof previous>
  refuses('previous', noteOf({ previous: { ...header, time: { ...header.time, seconds: header.time.seconds - 1 } } }))
  refuses('previous', noteOf({ previous: { ...header, height: header.height - 1 } }))
})

test('trust goes over as many headers as it takes', () => {
  const later = validatorsOf(['e', 'f', 'g', 'h'])
  refuses('trust', commitNote(genesis, checkpoint, later))
  const hop = (names: readonly string[], height: number) =>
    hopOf({ chainId, height, timeMs: START_MS + 1000 * height, validators: validatorsOf(names) })
  const hops = [hop(['c', 'd', 'e', 'f'], 3), hop(['e', 'f', 'g', 'h'], 5)]
  assert.deepEqual(openCheckpoint(commitNote(genesis, checkpoint, later, { hops }), genesis), checkpoint)
  refuses('trust', commitNote(genesis, checkpoint, later, { hops: hops.slice(1) }))
  refuses('order', commitNote(genesis, checkpoint, set, { hops: [hop(ABCD, 5), hop(ABCD, 5)] }))
  refuses('power', commitNote(genesis, checkpoint, set, { signers: ['a', 'b'] }))
})

test('trust lasts for the trusting period, from header to header, and by the clock of who asks for it', () => {
  const late = { ...checkpoint, height: 900, timeMs: START_MS + PERIOD_MS + 5000 }
  refuses('expired', commitNote(genesis, late, set))
  const hops = [hopOf({ chainId, height: 400, timeMs: START_MS + PERIOD_MS - 1, validators: set })]
  const renewed = commitNote(genesis, late, set, { hops })
  assert.deepEqual(openCheckpoint(renewed, genesis), late)
  const at = (nowMs: number) => () => openCheckpoint(note, genesis, { nowMs })
  assert.deepEqual(at(START_MS + PERIOD_MS - 1)(), checkpoint)
  assert.throws(at(START_MS + PERIOD_MS), fails('expired'))
})

test('the evidence stands in the one line of the ledger', () => {
  const [text = '', line = ''] = note.split('\n\n')
  const witness = noteSignatureLine('witness', ed25519PublicKey(seed('w')), ed25519Sign(seed('w'), utf8(`${text}\n`)))
  assert.deepEqual(openCheckpoint(`${note}${witness}\n`, genesis), checkpoint)
  assert.equal(withoutWitnesses(`${note}${witness}\n`, genesis), note)
  assert.throws(() => openBareCheckpoint(`${note}${witness}\n`, genesis), fails('checkpoint-witnessed'))
  refuses('checkpoint-signature', note + line)
  refuses('checkpoint-signature', `${text}\n\n${witness}\n`)
  refuses('checkpoint-signature', signCheckpoint(checkpoint, seed('engine')))
})

test('the evidence has one spelling', () => {
  const bytes = encodeCommitEvidence({ previous, hops: [last] })
  const spelled = (content: Uint8Array) => {
    const signed = Buffer.concat([commitNoteKeyId(checkpoint.origin), content])
    return `${checkpointText(checkpoint)}\n— ${checkpoint.origin} ${toBase64(signed)}\n`
  }
  assert.equal(spelled(bytes), note)
  refuses('malformed', spelled(Buffer.concat([bytes, Uint8Array.of(0)])))
  refuses('malformed', spelled(bytes.subarray(1)))
  refuses('malformed', spelled(new Uint8Array(0)))
})

test('every changed byte is noticed', () => {
  const bytes = Buffer.from(note)
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ flip
      assert.throws(() => openBareCheckpoint(changed.toString(), genesis), SalusError, `byte ${at}`)
    }
  }
})

test('bytes put in, taken out and changed give no other checkpoint', () => {
  const line = note.split('\n').at(-2)?.split(' ').at(-1) as string
  const bytes = fromBase64(line)
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(2), fc.uint8Array({ maxLength: 3 }))
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const changed = edits.reduce(
        (all, [at, cut, put]) => Uint8Array.from([...all.subarray(0, at), ...put, ...all.subarray(at + cut)]),
        bytes,
      )
      if (equalBytes(changed, bytes)) return
      const edited = note.replace(line, toBase64(changed))
      assert.throws(() => openCheckpoint(edited, genesis), SalusError)
    }),
    { numRuns: 500 },
  )
})

test('a signature more or less says nothing else', () => {
  const { signatures } = last.commit
  const fewer: CommitHop = { ...last, commit: { ...last.commit, signatures: signatures.with(0, null) } }
  assert.deepEqual(openCheckpoint(noteOf({ hops: [fewer] }), genesis), checkpoint)
})

test('a note has room for as many headers and validators as evidence may have', () => {
  const [most] = last.commit.signatures
  const hop: CommitHop = {
    header: { ...last.header, height: Number.MAX_SAFE_INTEGER, version: { block: 11, app: Number.MAX_SAFE_INTEGER } },
    commit: { ...last.commit, round: 0x7fff_ffff, signatures: Array(VALIDATORS_MAX).fill(most) },
    validators: Array(VALIDATORS_MAX).fill({ publicKey: consensusKey('a'), power: 0xff_ffff_ffff }),
  }
  assert.ok(noteOf({ hops: Array(HOPS_MAX).fill(hop) }).length < NOTE_LENGTH_MAX)
})

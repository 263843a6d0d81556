import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  commitVersion,
  DisclosureEntry,
  disclosureCommitment,
  ed25519PublicKey,
  encode,
  isSalusError,
  SalusError,
  toHex,
  utf8,
} from '@salus/core'
import fc from 'fast-check'
import { disclosureOf, entryOf, FILE_ID, makeCases, omissionOf, placed, RESOURCE } from '../test/cases.ts'
import { id16, seed, World } from '../test/world.ts'
import type { ProofFile } from './kinds/registry.ts'
import { stateProofFile } from './kinds/state.ts'
import { openProofFile, verifyProofFile, writeProofFile } from './proof-file.ts'

const cases = await makeCases()
const { world, disclosure, record, present, absent, omission } = cases
const all: readonly ProofFile[] = [disclosure, record, present, absent, omission]

function codeOf(file: ProofFile, genesis = world.genesisText): string | null {
  const result = verifyProofFile(writeProofFile(file), genesis)
  return result.valid ? null : result.error.code
}

function claimOf(file: ProofFile) {
  return openProofFile(writeProofFile(file), world.genesisText).claim
}

test('a disclosure is claimed as it was recorded', () => {
  assert.deepEqual(claimOf(disclosure), {
    kind: 'disclosure',
    fileId: toHex(FILE_ID),
    when: '2026-09-21T14:13:20.000Z',
    sequence: 2,
    custodian: world.riverside,
    requester: world.lakeside,
    practitioner: 'Practitioner/1',
    purpose: 'TREAT',
    interaction: 'search-type',
    decision: 'permit',
    reason: 'consent-permit',
    emergency: null,
    consents: [toHex(id16('consent'))],
    what: [{ type: 'Observation', count: 2 }],
    content: toHex(seed('content')),
    ledger: toHex(world.genesis.ledgerId),
    height: 2,
  })
})

test('a record is claimed under a key that its member took later', () => {
  const claim = claimOf(record)
  assert.equal(claim.kind === 'record' && claim.custodian, world.lakeside)
  assert.equal(codeOf({ ...record, signer: null }), 'signer-unknown')
  assert.equal(codeOf({ ...record, resource: `${RESOURCE} ` }), 'merkle-inclusion')
  assert.equal(codeOf({ ...record, resource: '' }), 'record-empty')
  assert.equal(codeOf({ ...record, version: '2' }), 'merkle-inclusion')
  const elsewhere = world.proveState('membership', 'key', ed25519PublicKey(seed('lakeside')))
  assert.equal(codeOf({ ...record, signer: elsewhere }), 'state-proof-key')
  const nobody = world.proveState('membership', 'key', ed25519PublicKey(seed('nobody')))
  assert.equal(codeOf({ ...record, signer: nobody }), 'state-proof-key')
})

test('state is claimed as present and as absent', () => {
  const { proof } = present
  assert.ok(proof.value)
  const base = { kind: 'state', ledger: toHex(world.genesis.ledgerId), height: 3 }
  assert.deepEqual(claimOf(present), {
    ...base,
    contract: 'disclosure',
    table: 'file',
    key: toHex(proof.key),
    present: true,
    row: toHex(proof.value),
  })
  const gone = { contract: 'consent', table: 'consent', key: toHex(absent.proof.key), present: false, row: null }
  assert.deepEqual(claimOf(absent), { ...base, ...gone })
})

test('an omission is claimed with what it hides', () => {
  const claim = claimOf(omission)
  assert.ok(claim.kind === 'omission')
  assert.deepEqual([claim.shown, claim.counted, claim.hidden, claim.altered], [1, 2, 1, false])
  const altered = claimOf(omissionOf(world, { entries: 2 }))
  assert.ok(altered.kind === 'omission')
  assert.deepEqual([altered.hidden, altered.altered], [0, true])
})

test('an honest statement, or one about earlier times, is no omission', () => {
  assert.equal(codeOf(omissionOf(world, { entries: 2, head: cases.head })), 'omission-unfounded')
  assert.equal(codeOf(omissionOf(world, { entries: 3 })), 'omission-unfounded')
  assert.equal(codeOf(omissionOf(world, { height: world.height - 1 })), 'omission-unfounded')
  assert.equal(codeOf(omissionOf(world, { height: 0, timeMs: world.timeMs + 1 })), null)
})

test("only the file's custodian, under its key of that time, can be accused", () => {
  assert.equal(codeOf(omissionOf(world, {}, 'lakeside 2')), 'signer-unknown')
  assert.equal(codeOf(omissionOf(world, { custodian: world.lakeside }, 'lakeside 2')), 'custodian-mismatch')
  assert.equal(codeOf(omissionOf(world, { timeMs: 5 })), 'signer-unknown')
  assert.equal(codeOf({ ...omission, signature: new Uint8Array(64) }), 'signature-invalid')
  assert.equal(codeOf(omissionOf(world, { ledgerId: seed('other') })), 'statement-ledger')
  assert.equal(codeOf({ ...omission, disclosures: omission.file }), 'state-proof-key')
})

test('every link of the evidence is checked', async () => {
  const { batch } = disclosure
  assert.equal(codeOf({ ...disclosure, batch: { ...batch, index: 0 } }), 'merkle-inclusion')
  assert.equal(codeOf({ ...disclosure, batch: { ...batch, command: 1 } }), 'command-mismatch')
  assert.equal(codeOf({ ...disclosure, batch: { ...batch, file: 1 } }), 'command-mismatch')
  assert.equal(codeOf({ ...disclosure, log: { ...disclosure.log, index: 2 } }), 'merkle-inclusion')
  assert.equal(codeOf({ ...disclosure, checkpoint: world.checkpoint('thief') }), 'checkpoint-signature')
  assert.equal(codeOf(disclosure, new World('other').genesisText), 'checkpoint-origin')
  const entry = encode(DisclosureEntry, { ...cases.entry, requester: world.riverside })
  assert.equal(codeOf({ ...disclosure, entry }), 'merkle-inclusion')
  const { log, checkpoint, signer } = record
  assert.equal(codeOf({ ...disclosure, log, checkpoint, signer }), 'command-mismatch')
})

test('a transaction that was refused, misattributed or about another file proves nothing', async () => {
  const { world: later } = await makeCases()
  const entry = entryOf(later, 3)
  const items = [disclosureCommitment(entry)]
  const commit = (signer: string, fileId: Uint8Array) =>
    later.commitBatch(signer, 'disclosure', 'commit-batch', fileId, items)
  assert.equal(codeOf(disclosureOf(later, entry, items, await commit('riverside', FILE_ID))), null)
  assert.equal(codeOf(disclosureOf(later, entry, items, await commit('lakeside', FILE_ID))), 'custodian-mismatch')
  assert.equal(codeOf(disclosureOf(later, entry, items, await commit('nobody', FILE_ID))), 'signer-unknown')
  assert.equal(codeOf(disclosureOf(later, entry, items, await commit('riverside', id16('x')))), 'batch-mismatch')
  const refused = await later.commit('riverside', [{ contract: 'record', command: 'anchor', args: [] }], 'some-code')
  assert.equal(codeOf({ ...disclosure, ...placed(later, refused) }), 'transaction-refused')
  const malformed = await later.commit('riverside', [{ contract: 'disclosure', command: 'commit-batch', args: [] }])
  assert.equal(codeOf({ ...disclosure, ...placed(later, malformed) }), 'schema-mismatch')
})

test('a proof file carries no bytes that nobody checks', () => {
  const witnessed = `${disclosure.checkpoint}— witness.example AAAAAAAA\n`
  assert.equal(codeOf({ ...disclosure, checkpoint: witnessed }), 'checkpoint-witnessed')
})

test('what is no proof file is refused with a typed error', () => {
  const code = (text: string) => {
    const result = verifyProofFile(text, world.genesisText)
    return result.valid ? null : result.error.code
  }
  const text = writeProofFile(disclosure)
  assert.equal(code(''), 'json-malformed')
  assert.equal(code('['.repeat(200_000)), 'json-malformed')
  assert.equal(code('null'), 'proof-kind-unknown')
  assert.equal(code('{"kind":"toString"}'), 'proof-kind-unknown')
  assert.equal(code('{"kind":"state"}'), 'json-mismatch')
  assert.equal(code(text.replace('\n', '')), 'json-not-canonical')
  assert.equal(code(text.replace('disclosure', '\\u0064isclosure')), 'json-not-canonical')
  assert.equal(code(text.replace('{', '{\n  "__proto__": {},')), 'json-mismatch')
  assert.equal(code(' '.repeat(41 * 1024 * 1024)), 'proof-too-large')
  assert.equal(verifyProofFile(text, '{}').valid, false)
  const lone = writeProofFile(record).replace('naïve', '\\ud800')
  assert.equal(code(lone), 'json-mismatch')
})

/** What a reader of the changed bytes gets: bytes that are not UTF-8 become U+FFFD. */
function changed(text: string, at: number, byte: number): string {
  const bytes = Buffer.from(text)
  bytes[at] = byte
  return bytes.toString()
}

function refused(proof: string, genesis: string): void {
  const result = verifyProofFile(proof, genesis)
  assert.ok(!result.valid)
  assert.ok(result.error instanceof SalusError && /^[a-z0-9-]+$/.test(result.error.code))
}

test('every byte of the smallest proof matters, whatever it becomes', () => {
  const text = writeProofFile(stateProofFile(smallest()))
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80]) {
      refused(changed(text, at, (bytes[at] as number) ^ flip), small.genesisText)
    }
  }
})

const small = new World('small')
function smallest() {
  small.put(DisclosureEntry, entryOf(small, 1), 'disclosure', 'file', FILE_ID)
  return small.proveState('disclosure', 'file', id16('absent'))
}

test('every byte of a disclosure proof matters', () => {
  const text = writeProofFile(disclosure)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) refused(changed(text, at, (bytes[at] as number) ^ flip), world.genesisText)
  }
})

test('any changed byte of a large record is noticed', async () => {
  const { world: later } = await makeCases()
  const resource = `{"resourceType":"Binary","data":"${'AbC9'.repeat(25_000)}"}`
  const salt = id16('salt')
  const commitment = commitVersion('Binary', 'b', '1', utf8(resource), salt)
  const index = await later.commitBatch('riverside', 'record', 'anchor', FILE_ID, [commitment])
  const { log, checkpoint } = placed(later, index)
  const file = { ...record, type: 'Binary', id: 'b', version: '1', salt, resource, log, checkpoint, signer: null }
  const text = writeProofFile(file)
  assert.equal(codeOf(file), null)
  const bytes = Buffer.from(text)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      refused(changed(text, at, (bytes[at] as number) ^ flip), later.genesisText)
    }),
    { numRuns: 200 },
  )
})

test('any changed byte of any proof, and of the genesis, is noticed', () => {
  const texts = all.map(writeProofFile)
  const anyChange = fc.record({ which: fc.nat(texts.length), at: fc.nat(), flip: fc.integer({ min: 1, max: 255 }) })
  fc.assert(
    fc.property(anyChange, ({ which, at, flip }) => {
      const text = texts[which] ?? world.genesisText
      const bytes = Buffer.from(text)
      const place = at % bytes.length
      const broken = changed(text, place, (bytes[place] as number) ^ flip)
      if (which < texts.length) refused(broken, world.genesisText)
      else refused(texts[0] as string, broken)
    }),
    { numRuns: 2000 },
  )
})

test('a proof cut short or grown at any place is refused', () => {
  const text = writeProofFile(disclosure)
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 4 }), (at, extra) => {
      refused(text.slice(0, at), world.genesisText)
      if (extra !== '') refused(text.slice(0, at) + extra + text.slice(at), world.genesisText)
    }),
    { numRuns: 300 },
  )
})

test('failures carry the evidence', () => {
  const result = verifyProofFile(writeProofFile(disclosure), new World('other').genesisText)
  assert.ok(!result.valid && isSalusError(result.error, 'checkpoint-origin'))
  assert.equal(result.error.details.found, `salus/${toHex(world.genesis.ledgerId)}`)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equalBytes, toHex, utf8 } from '../bytes.ts'
import { isSalusError } from '../errors.ts'
import { DOMAIN, domainHash, sha256 } from '../hash.ts'
import { TRUSTING_PERIOD_MS_MAX } from './cometbft.ts'
import { checkpointOrigin, type GenesisContent, memberId, readGenesis, writeGenesis } from './genesis.ts'

const key = (name: string) => sha256(utf8(name))
const member = (name: string) => ({
  id: memberId(name, key(name)),
  handle: name.toLowerCase(),
  name,
  roles: ['provider', 'pharmacy'] as const,
  signingKey: key(name),
  encryptionKey: key(`${name} encryption`),
  url: 'https://example.org',
})
const content: GenesisContent = {
  format: 'salus-genesis/1',
  network: 'test',
  timeMs: 1_790_000_000_000,
  protocol: 1,
  engine: { kind: 'embedded', publicKey: key('engine') },
  members: [member('Riverside'), member('Lakeside')],
}
const text = writeGenesis(content)
const [riverside, lakeside] = content.members as [GenesisContent['members'][number], GenesisContent['members'][number]]
const network: Extract<GenesisContent['engine'], { kind: 'cometbft' }> = {
  kind: 'cometbft',
  trustingPeriodMs: 1_209_600_000,
  validators: [
    { memberId: riverside.id, publicKey: key('Riverside consensus') },
    { memberId: lakeside.id, publicKey: key('Lakeside consensus') },
  ],
}
const malformed = (error: unknown) => isSalusError(error, 'genesis-malformed')

test('a genesis reads back, and its id is the hash of its bytes', () => {
  const { ledgerId, ...read } = readGenesis(text)
  assert.deepEqual(read, content)
  assert.deepEqual(ledgerId, domainHash(DOMAIN.ledgerId, utf8(text)))
  assert.equal(checkpointOrigin({ ledgerId }), `salus/${toHex(ledgerId)}`)
})

test('a genesis may name a network of validators', () => {
  const { ledgerId: _, ...read } = readGenesis(writeGenesis({ ...content, engine: network }))
  assert.deepEqual(read.engine, network)
})

test('every changed byte makes another ledger or no genesis', () => {
  for (const engine of [content.engine, network]) noticesChanges(writeGenesis({ ...content, engine }))
})

function noticesChanges(text: string): void {
  const { ledgerId } = readGenesis(text)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x02, 0x10, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ flip
      try {
        assert.ok(!equalBytes(readGenesis(changed.toString()).ledgerId, ledgerId), `byte ${at}`)
      } catch (error) {
        assert.ok(malformed(error), `byte ${at}: ${error}`)
      }
    }
  }
}

test("a member's id must follow from its name and key", () => {
  const forged = { ...member('Riverside'), id: member('Lakeside').id }
  assert.throws(() => readGenesis(writeGenesis({ ...content, members: [forged] })), malformed)
})

test('no two members share a signing key', () => {
  const [first] = content.members as [(typeof content.members)[number]]
  const twin = { ...first, name: 'Twin', id: memberId('Twin', first.signingKey) }
  assert.throws(() => readGenesis(writeGenesis({ ...content, members: [first, twin] })), malformed)
})

test('validators are members, each with one key of its own', () => {
  const [first, second] = network.validators as [
    (typeof network.validators)[number],
    (typeof network.validators)[number],
  ]
  const odd: readonly (typeof network)[] = [
    { ...network, trustingPeriodMs: 0 },
    { ...network, trustingPeriodMs: TRUSTING_PERIOD_MS_MAX + 1 },
    { ...network, validators: [] },
    { ...network, validators: [first, { ...second, memberId: first.memberId }] },
    { ...network, validators: [first, { ...second, publicKey: first.publicKey }] },
    { ...network, validators: [{ ...first, memberId: memberId('Stranger', key('Stranger')) }] },
  ]
  for (const engine of odd) assert.throws(() => readGenesis(writeGenesis({ ...content, engine })), malformed)
})

test('what is no genesis is refused', () => {
  const odd = [
    { ...content, members: [] },
    { ...content, network: 'x'.repeat(65) },
  ]
  for (const value of odd) assert.throws(() => readGenesis(writeGenesis(value)), malformed)
  for (const value of ['', '{}', text.trimEnd(), JSON.stringify(JSON.parse(text))]) {
    assert.throws(() => readGenesis(value), malformed)
  }
})

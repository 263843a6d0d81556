import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import {
  type Checkpoint,
  checkpointOrigin,
  ed25519PublicKey,
  ed25519Verify,
  fromBase64,
  type GenesisContent,
  memberId,
  readGenesis,
  SalusError,
  sha256,
  signCheckpoint,
  utf8,
  writeGenesis,
} from '@salus/core'
import { type ForkClaim, openProofFile, verifyConsistency } from '@salus/proof'
import fc from 'fast-check'
import { logLeafHash, MerkleLog } from '../../../ledger/src/log/merkle-log.ts'
import { parseTilePath } from '../../../ledger/src/log/tile-path.ts'
import {
  cosign,
  ledgerVerifierKey,
  makeWitnessKey,
  readWitnessKey,
  witnessVerifierKey,
  writeWitnessKey,
} from './cosignature.ts'
import { type Followed, follow } from './follow.ts'
import { PublishedLog } from './published-log.ts'

const SEED = new Uint8Array(32).fill(7)
const MEMBER_KEY = ed25519PublicKey(new Uint8Array(32).fill(8))
const MEMBER: GenesisContent['members'][number] = {
  id: memberId('Riverside', MEMBER_KEY),
  handle: 'riverside',
  name: 'Riverside',
  roles: ['provider'],
  signingKey: MEMBER_KEY,
  encryptionKey: new Uint8Array(32).fill(9),
  url: 'http://127.0.0.1:1',
}
const GENESIS_TEXT = writeGenesis({
  format: 'salus-genesis/1',
  network: 'test',
  timeMs: 0,
  protocol: 1,
  engine: { kind: 'embedded', publicKey: ed25519PublicKey(SEED) },
  members: [MEMBER],
})
const genesis = readGenesis(GENESIS_TEXT)

/** A log of which the entries from `forkAt` on are others than in a log of another `name`. */
function logOf(
  size: number,
  name = '',
  forkAt = 0,
): { log: MerkleLog; tile: (path: string) => Uint8Array | undefined } {
  const tiles = new Map<string, Uint8Array>()
  const log = new MerkleLog((level, index) => tiles.get(`${level}/${index}`))
  for (let i = 0; i < size; i++) {
    log.append(logLeafHash(utf8(i < forkAt ? `${i}` : `${name}${i}`)))
    for (const { level, index, hashes } of log.takeFullTiles()) tiles.set(`${level}/${index}`, hashes)
  }
  const tile = (path: string): Uint8Array | undefined => {
    const { level, index, width } = parseTilePath(path) ?? { level: 'entries' as const, index: 0, width: 0 }
    return level === 'entries' ? undefined : log.tile(level, index, width)
  }
  return { log, tile }
}

function noteOf(log: MerkleLog, changed: Partial<Checkpoint> = {}): string {
  const own = { origin: checkpointOrigin(genesis), logSize: log.size, logRoot: log.root(), stateRoot: log.root() }
  return signCheckpoint({ ...own, height: log.size, timeMs: log.size, protocol: 1, ...changed }, SEED)
}

async function published<T>(
  served: { note: string; tile: (path: string) => Uint8Array | undefined },
  run: (log: PublishedLog) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const content = path === '/ledger/checkpoint' ? served.note : served.tile(path.slice('/ledger/tile/'.length))
    response.writeHead(content === undefined ? 404 : 200).end(content)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    return await run(new PublishedLog(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}

test('the tiles give every root and every consistency path', async () => {
  const total = 66_000
  const { log, tile } = logOf(total)
  await published({ note: noteOf(log), tile }, async (tiles) => {
    assert.deepEqual(await tiles.root(total, total), log.root())
    const size = fc.oneof(fc.nat(total), fc.constantFrom(0, 1, 255, 256, 257, 65_535, 65_536, 65_537, total))
    const property = fc.asyncProperty(size, async (first) => {
      const path = await tiles.consistencyPath(first, total)
      assert.deepEqual(path, log.consistencyPath(first))
      verifyConsistency(first, await tiles.root(first, total), total, log.root(), path)
    })
    await fc.assert(property, { numRuns: 60 })
  })
})

test('a log that grows is followed, from nothing, through full tiles', async () => {
  let view: string | null = null
  for (const size of [0, 1, 255, 256, 300, 300, 1000]) {
    const { log, tile } = logOf(size)
    const followed = (await published({ note: noteOf(log), tile }, (tiles) => follow(view, tiles, genesis))) as Followed
    assert.equal(
      followed.outcome,
      view === null ? 'first' : size === 300 && view === followed.note ? 'same' : 'advanced',
    )
    view = followed.note
  }
})

test('each contradiction is a fork with a proof that holds', async () => {
  const seen = logOf(300).log
  const other = logOf(400, 'other', 100)
  const honest = logOf(400)
  const cases: [ReturnType<typeof logOf>, Partial<Checkpoint>, string][] = [
    [other, {}, 'history'],
    [other, { height: 300 }, 'height'],
    [honest, { timeMs: 299 }, 'order'],
    [logOf(200), { height: 301 }, 'order'],
    [logOf(300, 'other', 299), { height: 301, timeMs: 301 }, 'log-size'],
  ]
  for (const [{ log, tile }, changed, contradiction] of cases) {
    const note = noteOf(log, changed)
    const followed = await published({ note, tile }, (tiles) => follow(noteOf(seen), tiles, genesis))
    assert.equal(followed.outcome, 'forked')
    assert.ok(followed.outcome === 'forked')
    assert.equal((openProofFile(followed.proof, GENESIS_TEXT).claim as ForkClaim).contradiction, contradiction)
  }
})

test('what proves nothing is refused without evidence', async () => {
  const [seen, honest, other] = [logOf(300), logOf(400), logOf(400, 'other', 100)]
  const refused = async (view: string | null, note: string, tile: typeof honest.tile, code: string): Promise<void> => {
    const followed = published({ note, tile }, (tiles) => follow(view, tiles, genesis))
    await assert.rejects(followed, (error) => error instanceof SalusError && error.code === code, code)
  }
  await refused(noteOf(honest.log), noteOf(seen.log), seen.tile, 'checkpoint-older')
  await refused(noteOf(seen.log), noteOf(honest.log), other.tile, 'tile-mismatch')
  await refused(null, noteOf(honest.log), other.tile, 'tile-mismatch')
  await refused(null, noteOf(honest.log), (path) => honest.tile(path)?.slice(1), 'tile-malformed')
  await refused(null, noteOf(honest.log).replace('height 400', 'height 401'), honest.tile, 'checkpoint-signature')
})

test('an honest pair of checkpoints is no fork, with or without a prefix', () => {
  const [first, second] = [logOf(300).log, logOf(400).log]
  const file = (prefix: unknown): string => {
    const content = { format: 'salus-proof/1', kind: 'fork', first: noteOf(first), second: noteOf(second), prefix }
    return `${JSON.stringify(content, null, 2)}\n`
  }
  const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')
  const path = second.consistencyPath(300).map(hex)
  for (const [prefix, code] of [
    [null, 'fork-unfounded'],
    [{ root: hex(first.root()), path }, 'fork-unfounded'],
    [{ root: '00'.repeat(32), path }, 'merkle-consistency'],
  ] as const) {
    assert.throws(() => openProofFile(file(prefix), GENESIS_TEXT), { code })
  }
})

test('a cosignature is the timestamped signature of tlog-cosignature', () => {
  const key = makeWitnessKey('witness.example/w1')
  assert.deepEqual(readWitnessKey(`${writeWitnessKey(key)}\n`), key)
  const note = noteOf(logOf(1).log)
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  const line = cosign(note, key, 1_679_315_147).slice(note.length)
  const [, name, encoded] = /^— (\S+) (\S+)\n$/.exec(line) ?? []
  const signature = fromBase64(encoded as string)
  const publicKey = ed25519PublicKey(key.seed)
  const keyId = sha256(utf8('witness.example/w1\n'), Uint8Array.of(4), publicKey).subarray(0, 4)
  assert.deepEqual([name, signature.length], [key.name, 4 + 8 + 64])
  assert.deepEqual(signature.slice(0, 12), Uint8Array.of(...keyId, 0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb))
  const message = utf8(`cosignature/v1\ntime 1679315147\n${text}`)
  assert.ok(ed25519Verify(publicKey, message, signature.slice(12)))
  assert.match(witnessVerifierKey(key), /^witness\.example\/w1\+[0-9a-f]{8}\+B/)
  assert.match(ledgerVerifierKey(genesis), /^salus\/[0-9a-f]{64}\+[0-9a-f]{8}\+A/)
  for (const wrong of ['', 'a b', 'a+b']) assert.throws(() => makeWitnessKey(wrong), { code: 'witness-key-malformed' })
  const changed = writeWitnessKey(key).replace('w1+', 'w2+')
  for (const wrong of ['', changed]) assert.throws(() => readWitnessKey(wrong), { code: 'witness-key-malformed' })
})

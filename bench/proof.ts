/**
 * Size and check time of proofs over a ledger of 10,000 state keys: of a state proof and of a log proof by themselves
 * (hashes alone), with the signature of their checkpoint, and of whole proof files as `salus verify` reads them; and of
 * the checkpoint of a network of four validators, all of whom signed.
 *
 * Run: node bench/proof.ts
 */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, openFile, record } from '@salus/contracts'
import {
  type Checkpoint,
  checkpointOrigin,
  decode,
  ed25519PublicKey,
  ed25519Signer,
  LogEntry,
  memberId,
  randomBytes,
  readGenesis,
  signTransaction,
  stateKey,
  writeGenesis,
} from '@salus/core'
import { openEmbeddedLedger } from '@salus/ledger'
import {
  merkleLeafHash,
  openCheckpoint,
  openProofFile,
  stateProofFile,
  verifyInclusion,
  verifyState,
  verifyStateProof,
  writeProofFile,
} from '@salus/proof'
import { commitNote, consensusKey, validatorsOf } from '../packages/proof/test/comet-network.ts'
import { report } from './support/report.ts'

const KEYS = 10_000
const COMMANDS_EACH = 100
const CHECKS = 2000
const RUNS = 7

const directory = join(tmpdir(), `salus-bench-proof-${process.pid}`)
const engineKey = randomBytes(32)
const sign = ed25519Signer(randomBytes(32))
const genesisText = writeGenesis({
  format: 'salus-genesis/1',
  network: 'bench',
  timeMs: Date.now(),
  protocol: 1,
  engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
  members: [
    {
      id: memberId('Bench', sign.publicKey.bytes),
      handle: 'bench',
      name: 'Bench',
      roles: ['provider'],
      signingKey: sign.publicKey.bytes,
      encryptionKey: randomBytes(32),
      url: 'http://127.0.0.1:1',
    },
  ],
})
const genesis = readGenesis(genesisText)
const ledger = await openEmbeddedLedger({ directory, genesis: genesisText, engineKey })

const fileIds: Uint8Array[] = []
for (let i = 0; i < KEYS / COMMANDS_EACH; i++) {
  const ids = Array.from({ length: COMMANDS_EACH }, () => randomBytes(16))
  fileIds.push(...ids)
  const commands = ids.map((fileId) => call(record, openFile, { fileId }))
  const body = {
    ledgerId: genesis.ledgerId,
    signer: sign.publicKey,
    nonce: randomBytes(16),
    expiresAtMs: Date.now() + 60_000,
    commands,
  }
  await ledger.submit(await signTransaction(body, sign))
}

/** Microseconds for one check, as the mean of many; one value for each run. */
function time(check: (i: number) => void, checks: number = CHECKS): number[] {
  for (let i = 0; i < checks; i++) check(i)
  return Array.from({ length: RUNS }, () => {
    const started = process.hrtime.bigint()
    for (let i = 0; i < checks; i++) check(i)
    return Number(process.hrtime.bigint() - started) / 1000 / checks
  })
}

const proveFile = (fileId: Uint8Array) => ledger.proveState(stateKey('record', 'file', [fileId]))
const present = await Promise.all(Array.from({ length: 64 }, (_, i) => proveFile(fileIds[i * 100]!)))
const absent = await Promise.all(Array.from({ length: 64 }, () => proveFile(randomBytes(16))))
const { stateRoot, logRoot, logSize } = openCheckpoint(ledger.checkpoint(), genesis)
const entries = await Promise.all(Array.from({ length: logSize }, (_, i) => ledger.proveEntry(i)))
const files = present.map((proof) => writeProofFile(stateProofFile(proof)))
const goal = 200

report(
  'proof-state-present',
  'µs',
  time((i) => verifyState(present[i % 64]!, stateRoot)),
  { goal, keys: KEYS },
)
report(
  'proof-state-absent',
  'µs',
  time((i) => verifyState(absent[i % 64]!, stateRoot)),
  { goal, keys: KEYS },
)
report(
  'proof-log',
  'µs',
  time((i) => {
    const { entry, index, path } = entries[i % logSize]!
    verifyInclusion(merkleLeafHash(entry), index, logSize, path, logRoot)
    decode(LogEntry, entry)
  }),
  { goal, entries: logSize },
)
report(
  'proof-state-with-checkpoint',
  'µs',
  time((i) => verifyStateProof(present[i % 64]!, genesis)),
  { goal },
)
report(
  'proof-file-state',
  'µs',
  time((i) => openProofFile(files[i % 64]!, genesisText)),
  { bytes: files[0]!.length },
)

const names = ['a', 'b', 'c', 'd']
const members = names.map((name) => {
  const [first] = genesis.members as [(typeof genesis.members)[number]]
  const signingKey = ed25519PublicKey(randomBytes(32))
  return { ...first, id: memberId(name, signingKey), handle: name, name, signingKey }
})
const { ledgerId: _, ...content } = genesis
const validators = members.map(({ id, name }) => ({ memberId: id, publicKey: consensusKey(name) }))
const engine = { kind: 'cometbft', trustingPeriodMs: 1_209_600_000, validators } as const
const network = readGenesis(writeGenesis({ ...content, engine, members }))
const committed: Checkpoint = {
  origin: checkpointOrigin(network),
  logSize,
  logRoot,
  stateRoot,
  height: 100,
  timeMs: network.timeMs + 60_000,
  protocol: 1,
}
const note = commitNote(network, committed, validatorsOf(names))
report(
  'proof-checkpoint-four-validators',
  'µs',
  time(() => openCheckpoint(note, network), 200),
  { goal: 10_000, length: note.length },
)

await ledger.close()
rmSync(directory, { recursive: true, force: true })

/**
 * The embedded ledger under load: durable commits, signatures checked, beside the raw Ed25519 verify rate of two
 * threads in the same run, which is the limit that one command per transaction can come near to.
 * `node bench/ledger.ts [keys]` prints one JSON line for each figure; `keys` (default 10000) is the size of the state.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { call, consent, grant } from '@salus/contracts'
import {
  type Command,
  ed25519PublicKey,
  ed25519Signer,
  memberId,
  randomBytes,
  readGenesis,
  signTransaction,
  writeGenesis,
} from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'

const KEYS = Number(process.argv[2] ?? 10_000)
const RUNS = 5
const MACHINE = `${cpus().length} x ${cpus()[0]?.model}`
const IN_FLIGHT_MAX = 8192
const COMMANDS_PER_LOAD = 100

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

/** `peers` are what the values are compared with, run by run: a shared machine is not equally fast in each. */
function report(name: string, values: readonly number[], unit: string, peers?: readonly number[]): void {
  const ratios = peers && values.map((value, i) => value / (peers[i] as number))
  const ratio = ratios ? Number(median(ratios).toFixed(3)) : null
  const middle = Math.round(median(values))
  console.log(JSON.stringify({ name, machine: MACHINE, runs: values.length, median: middle, unit, ratio }))
}

/** Signatures per second that two threads check with `node:crypto`, with nothing else to do. */
async function verifyRate(seconds: number): Promise<number> {
  const source = `
    const { parentPort } = require('node:worker_threads')
    const { generateKeyPairSync, sign, verify } = require('node:crypto')
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const digest = Buffer.alloc(32, 7)
    const signature = sign(null, digest, privateKey)
    let count = 0
    const end = performance.now() + ${seconds * 1000}
    while (performance.now() < end) for (let i = 0; i < 50; i++) count += verify(null, digest, publicKey, signature)
    parentPort.postMessage(count)`
  const counts = [0, 1].map(() => {
    return new Promise<number>((resolve) => new Worker(source, { eval: true }).once('message', resolve))
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0) / seconds
}

const engineKey = randomBytes(32)
const member = ed25519Signer(randomBytes(32))
const genesis = writeGenesis({
  format: 'salus-genesis/1',
  network: 'bench',
  timeMs: Date.now(),
  protocol: 1,
  engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
  members: [
    {
      id: memberId('Bench', member.publicKey.bytes),
      handle: 'bench',
      name: 'Bench',
      roles: ['provider'],
      signingKey: member.publicKey.bytes,
      encryptionKey: randomBytes(32),
      url: 'http://127.0.0.1:1',
    },
  ],
})
const { ledgerId } = readGenesis(genesis)

function grantCommand(): Command {
  return call(consent, grant, { consentId: randomBytes(16), commitment: randomBytes(32), expiresAtMs: null })
}

function signedGrants(count: number): Promise<Uint8Array> {
  const commands = Array.from({ length: count }, grantCommand)
  const expiresAtMs = Date.now() + 500_000
  return signTransaction({ ledgerId, signer: member.publicKey, nonce: randomBytes(16), expiresAtMs, commands }, member)
}

async function signAll(transactions: number, commands: number): Promise<Uint8Array[]> {
  const wires: Uint8Array[] = []
  for (let i = 0; i < transactions; i++) wires.push(await signedGrants(commands))
  return wires
}

/** Submits all with a bounded number in flight; returns the seconds until the last is durable. */
async function submitAll(ledger: Ledger, wires: readonly Uint8Array[]): Promise<number> {
  const start = performance.now()
  let next = 0
  const submitNext = async (): Promise<void> => {
    for (let wire = wires[next++]; wire; wire = wires[next++]) {
      const { code } = await ledger.submit(wire)
      if (code !== null) throw new Error(`refused: ${code}`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, submitNext))
  return (performance.now() - start) / 1000
}

const directory = mkdtempSync(join(tmpdir(), 'salus-bench-'))
let ledger = await openEmbeddedLedger({ directory, genesis, engineKey })
for (let left = KEYS; left > 0; left -= 100 * COMMANDS_PER_LOAD) {
  await submitAll(ledger, await signAll(Math.ceil(Math.min(left, 100 * COMMANDS_PER_LOAD) / COMMANDS_PER_LOAD), 100))
}
const verifyRates: number[] = []
const single: number[] = []
const hundred: number[] = []
for (let run = 0; run < RUNS; run++) {
  const ones = await signAll(20_000, 1)
  verifyRates.push(await verifyRate(1))
  single.push(ones.length / (await submitAll(ledger, ones)))
  const hundreds = await signAll(400, 100)
  hundred.push((hundreds.length * 100) / (await submitAll(ledger, hundreds)))
}
const label = `${KEYS} keys at the start`
report('ed25519-verify-two-threads', verifyRates, 'signatures/s')
report(`ledger-1-command (${label})`, single, 'transactions/s', verifyRates)
report(`ledger-100-commands (${label})`, hundred, 'commands/s')

const before = ledger.status()
await ledger.close()
const start = performance.now()
ledger = await openEmbeddedLedger({ directory, genesis, engineKey })
report(`ledger-restart (${before.stateKeys} keys)`, [performance.now() - start], 'ms')
report(`ledger-resident-memory (${before.stateKeys} keys)`, [process.memoryUsage.rss() / 1e6], 'MB')
await ledger.close()
rmSync(directory, { recursive: true })

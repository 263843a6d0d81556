/**
 * The embedded ledger: durable commits with signatures checked, beside the raw Ed25519 verify rate of two threads in
 * the same run; restart and memory in a process of its own; proofs; snapshots.
 * `node bench/ledger.ts [keys]` prints one JSON line for each figure; `keys` (default 10000) is the size of the state.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { consents } from '@salus/contracts'
import { appHash, randomBytes, readGenesis } from '@salus/core'
import { openEmbeddedLedger, restoreSnapshot, takeSnapshot } from '@salus/ledger'
import { verifyStateProof } from '@salus/proof'
import type { ChildInput, ChildOutput } from './support/ledger-child.ts'
import {
  cpuMicroseconds,
  engineKey,
  genesis,
  IN_FLIGHT_MAX,
  recentConsents,
  signGrants,
  submitAll,
  verifyRate,
} from './support/ledger-load.ts'
import { report } from './support/report.ts'

const KEYS = Number(process.argv[2] ?? 10_000)
const RUNS = 5
const SINGLES = 30_000
const HUNDREDS = 400
const PROOFS = 1000
const keys = `${KEYS} keys`
const folder = mkdtempSync(join(tmpdir(), 'salus-bench-'))
const directory = join(folder, 'ledger')
let ledger = await openEmbeddedLedger({ directory, genesis, engineKey })

async function measure(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function fill(): Promise<void> {
  for (let left = KEYS; left > 0; left -= 10_000) {
    await submitAll(ledger, await signGrants(Math.ceil(Math.min(left, 10_000) / 100), 100), IN_FLIGHT_MAX)
  }
}

/** The verify rate is taken before and after each run: a shared machine is not equally fast for long. */
async function rates(): Promise<void> {
  const verified: number[] = []
  const singles: number[] = []
  const hundreds: number[] = []
  const cpu: number[] = []
  const verifiedCpu: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const ones = await signGrants(SINGLES, 1)
    const before = await verifyRate(0.5)
    const used = process.cpuUsage()
    singles.push(SINGLES / (await submitAll(ledger, ones, IN_FLIGHT_MAX)))
    cpu.push(cpuMicroseconds(used) / SINGLES)
    const after = await verifyRate(0.5)
    verified.push((before.perSecond + after.perSecond) / 2)
    verifiedCpu.push((before.cpuMicroseconds + after.cpuMicroseconds) / 2)
    const many = await signGrants(HUNDREDS, 100)
    hundreds.push((HUNDREDS * 100) / (await submitAll(ledger, many, IN_FLIGHT_MAX)))
  }
  report('ed25519-verify-two-threads', 'signatures/s', verified)
  report(`ledger-1-command (${keys})`, 'transactions/s', singles)
  const shares = singles.map((rate, run) => rate / (verified[run] as number))
  report(`ledger-1-command-to-verify (${keys})`, 'ratio', shares, { budget: 0.6 })
  const cpuShares = cpu.map((each, run) => (verifiedCpu[run] as number) / each)
  report(`ledger-1-command-cpu (${keys})`, 'us', cpu)
  report(`ledger-1-command-verify-cpu-to-cpu (${keys})`, 'ratio', cpuShares)
  report(`ledger-100-commands (${keys})`, 'commands/s', hundreds, { budget: KEYS < 1_000_000 ? 40_000 : 30_000 })
}

async function proofs(): Promise<void> {
  const present = recentConsents.slice(0, PROOFS).map((id) => consents.key(id))
  const absent = Array.from({ length: PROOFS }, () => consents.key(randomBytes(16)))
  const opened = readGenesis(genesis)
  for (const [name, wanted] of Object.entries({ present, absent })) {
    const made = await measure(() => Promise.all(wanted.map((key) => ledger.proveState(key))))
    const all = await Promise.all(wanted.map((key) => ledger.proveState(key)))
    if (all.some(({ value }) => (value === null) !== (name === 'absent'))) throw new Error('a proof of something else')
    const checked = await measure(() => {
      for (const proof of all) verifyStateProof(proof, opened)
    })
    report(`ledger-proof-${name} (${keys})`, 'us', [(1000 * made) / wanted.length])
    report(`ledger-proof-${name}-check (${keys})`, 'us', [(1000 * checked) / wanted.length])
  }
}

async function restarts(): Promise<void> {
  const input = join(folder, 'input.json')
  const outputs: ChildOutput[] = []
  for (let run = 0; run < 3; run++) {
    const wires = join(folder, 'wires')
    const signed = await signGrants(SINGLES, 1)
    writeFileSync(wires, Buffer.concat(signed.flatMap((wire) => [Uint8Array.of(wire.length >> 8, wire.length), wire])))
    const content: ChildInput = { genesis, engineKey: Buffer.from(engineKey).toString('base64'), wires }
    writeFileSync(input, JSON.stringify(content))
    const child = fileURLToPath(new URL('./support/ledger-child.ts', import.meta.url))
    const text = execFileSync(process.execPath, ['--expose-gc', child, directory, input], { encoding: 'utf8' })
    outputs.push(JSON.parse(text) as ChildOutput)
  }
  const values = (pick: (output: ChildOutput) => number): number[] => outputs.map(pick)
  report(
    `ledger-restart (${keys})`,
    'ms',
    values(({ openMs }) => openMs),
    { budget: 3000 },
  )
  report(
    `ledger-rss-after-restart (${keys})`,
    'MB',
    values(({ opened }) => opened.rssMB),
    { budget: 500 },
  )
  report(
    `ledger-rss-under-load (${keys})`,
    'MB',
    values(({ rssMaxMB }) => rssMaxMB),
    { budget: 500 },
  )
  report(
    `ledger-heap-after-load (${keys})`,
    'MB',
    values(({ loaded }) => loaded.heapMB),
  )
  report(
    `ledger-buffers-after-load (${keys})`,
    'MB',
    values(({ loaded }) => loaded.buffersMB),
  )
}

/** The longest that the event loop stood still is what a snapshot costs the ledger's own thread. */
async function snapshots(): Promise<void> {
  const target = join(folder, 'snapshot')
  const { height, timeMs, logSize, logRoot, stateRoot, protocol } = ledger.status()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const taken = await measure(() => takeSnapshot(directory, genesis, target))
  delay.disable()
  const bytes = readdirSync(target).reduce((sum, name) => sum + statSync(join(target, name)).size, 0)
  report(`ledger-snapshot (${keys})`, 'ms', [taken], { megabytes: Math.round(bytes / 1e6) })
  report(`ledger-snapshot-longest-wait (${keys})`, 'ms', [delay.max / 1e6])
  const trusted = { height, timeMs, appHash: appHash({ logSize, logRoot, stateRoot, protocol }) }
  const copy = join(folder, 'copy')
  report(`ledger-restore (${keys})`, 'ms', [await measure(() => restoreSnapshot(copy, genesis, trusted, target))])
  const reopened = async (): Promise<void> => {
    const restored = await openEmbeddedLedger({ directory: copy, genesis, engineKey })
    await restored.close()
  }
  report(`ledger-restart-of-the-restored (${keys})`, 'ms', [await measure(reopened)])
}

await fill()
await rates()
await proofs()
await ledger.close()
await restarts()
ledger = await openEmbeddedLedger({ directory, genesis, engineKey })
await snapshots()
await ledger.close()
rmSync(folder, { recursive: true })

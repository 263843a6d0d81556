/** Kills a process that records, with SIGKILL at any moment, and looks at what its successor finds. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { DisclosureEntry, DisclosureRow, decode, FileRow, fromHex, LogStatement, stateKey, toHex } from '@salus/core'
import { disclosureLog } from './log.ts'
import { openTestCustodian, type TestCustodian, VERSION } from './test-custodian.ts'

const KILLS = 6
const FILES = ['a1'.repeat(16), 'b2'.repeat(16), 'c3'.repeat(16)]

/** Runs the recorder and kills it some time after its first line; resolves to its whole lines. */
async function recordAndKill(directory: string): Promise<readonly string[]> {
  const recorder = new URL('./test-custodian.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [recorder, directory, ...FILES], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (lines.length === 1) setTimeout(() => child.kill('SIGKILL'), randomInt(5, 250))
  }
  return lines.filter((line) => line === VERSION || line.length === 64)
}

async function logOf({ journal }: TestCustodian, fileId: string): Promise<DisclosureEntry[]> {
  const entries: DisclosureEntry[] = []
  for (;;) {
    const page = await journal.read(fileId, entries.length)
    if (page.length === 0) return entries
    entries.push(...page.map(({ entry }) => decode(DisclosureEntry, new Uint8Array(entry))))
  }
}

test('nothing confirmed is lost, nothing is numbered or committed twice', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'salus-crash-'))
  const confirmed: string[] = []
  for (let kill = 0; kill < KILLS; kill++) confirmed.push(...(await recordAndKill(directory)))
  const custodian = await openTestCustodian(directory)
  try {
    await checkAgainstLedger(custodian, confirmed)
  } finally {
    await custodian.close()
    await rm(directory, { recursive: true })
  }
})

async function checkAgainstLedger(custodian: TestCustodian, confirmed: readonly string[]): Promise<void> {
  const { outbox, ledger, journal, database, id, sign } = custodian
  await outbox.flush()
  assert.deepEqual([outbox.waiting, custodian.troubles], [0, []])
  const logged = new Set<string>()
  for (const fileId of FILES) {
    const log = await logOf(custodian, fileId)
    const places = log.map((_, i) => i + 1)
    assert.deepEqual(
      log.map(({ sequence }) => sequence),
      places,
    )
    for (const { content } of log) logged.add(toHex(content as Uint8Array))
    const row = decode(DisclosureRow, ledger.get(stateKey('disclosure', 'file', [fromHex(fileId)])) as Uint8Array)
    assert.equal(row.entries, log.length)
    const shown = await disclosureLog({ journal, ledger, custodian: id, sign }, fileId, 0)
    assert.equal(toHex(decode(LogStatement, shown.statement).head), toHex(row.head), 'the chain of the batches')
  }
  const disclosed = confirmed.filter((line) => line !== VERSION)
  assert.ok(disclosed.length > KILLS)
  const lost = disclosed.filter((content) => !logged.has(content))
  assert.deepEqual(lost, [])
  const file = decode(FileRow, ledger.get(stateKey('record', 'file', [fromHex(FILES[0] as string)])) as Uint8Array)
  assert.ok(file.versions >= confirmed.length - disclosed.length)
  const items = await database.read.get<{ n: number }>('SELECT count(*) AS n FROM outbox_item')
  assert.equal(file.versions, items?.n)
}

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decode, LogEntry, parseTransaction, readGenesis, toHex } from '@salus/core'
import { verifyLogProof, verifyStateProof } from '@salus/proof'
import { auditWithRules } from '../audit.ts'
import { EmbeddedLedger } from './embedded.ts'
import { ENGINE_KEY, TEST_RULES, testGenesis, values } from './test-rules.ts'

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
const KILLS = 10

interface Acknowledged {
  readonly n: number
  readonly logIndex: number
  readonly id: string
}

/** Runs a ledger under load, kills it some time after its first acknowledgement, and returns all it acknowledged. */
async function runAndKill(directory: string, first: number, delayMs: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let isTimed = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (!isTimed) setTimeout(() => child.kill('SIGKILL'), delayMs)
    isTimed = true
  })
  await new Promise((resolve) => child.once('close', resolve))
  const lines = output.split('\n').slice(0, -1)
  return lines.map((line) => {
    const [n, logIndex, id] = line.split(' ') as [string, string, string]
    return { n: Number(n), logIndex: Number(logIndex), id }
  })
}

test('nothing acknowledged is lost when the process is killed, ten times over', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'salus-crash-'))
  const genesis = testGenesis()
  const all: Acknowledged[] = []
  let first = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const acknowledged = await runAndKill(directory, first, 20 + 37 * kill)
    assert.ok(acknowledged.length > 0)
    all.push(...acknowledged)
    first = Math.max(...all.map(({ n }) => n)) + 1000
    const ledger = new EmbeddedLedger({ directory, genesis, engineKey: ENGINE_KEY, rules: TEST_RULES })
    for (const { n, logIndex, id } of acknowledged) {
      const { transaction } = decode(LogEntry, (await ledger.proveEntry(logIndex)).entry)
      assert.equal(toHex(parseTransaction(transaction).id), id)
      assert.ok(ledger.get(values.key(n)), `value ${n}`)
    }
    const last = acknowledged.at(-1) as Acknowledged
    verifyLogProof(await ledger.proveEntry(last.logIndex), readGenesis(genesis))
    verifyStateProof(await ledger.proveState(values.key(last.n)), readGenesis(genesis))
    await ledger.close()
  }
  assert.equal(auditWithRules(directory, genesis, TEST_RULES).divergence, null)
  rmSync(directory, { recursive: true })
})

/**
 * A ledger under load, to be killed: opens the folder given as argument and prints, for each acknowledged
 * transaction, one line with its number, the index of its log entry and its id. See crash.test.ts.
 */
import { writeSync } from 'node:fs'
import { parseTransaction, toHex } from '@salus/core'
import { EmbeddedLedger } from './embedded.ts'
import { ENGINE_KEY, putCall, signedTransaction, TEST_RULES, testGenesis } from './test-rules.ts'

const [directory = '', first = '0'] = process.argv.slice(2)
const ledger = new EmbeddedLedger({ directory, genesis: testGenesis(), engineKey: ENGINE_KEY, rules: TEST_RULES })
let next = Number(first)

async function submitAll(): Promise<void> {
  for (;;) {
    const n = next++
    const wire = await signedTransaction([putCall(n, `value ${n}`)], { expiresAtMs: Date.now() + 60_000 })
    const { code, logIndex } = await ledger.submit(wire)
    if (code !== null) throw new Error(code)
    writeSync(1, `${n} ${logIndex} ${toHex(parseTransaction(wire).id)}\n`)
  }
}

await Promise.all(Array.from({ length: 40 }, submitAll))

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkpointOrigin, decode, encode, LogEntry, readGenesis, signCheckpoint, utf8 } from '@salus/core'
import { openCheckpoint } from '@salus/proof'
import { auditPublishedWithRules, type PublishedLedger } from './audit-published.ts'
import { EmbeddedLedger } from './engine/embedded.ts'
import { ENGINE_KEY, putCall, signedTransaction, TEST_RULES, TEST_TIME_MS, testGenesis } from './engine/test-rules.ts'
import { joinEntries, splitEntries } from './log/entry-bundle.ts'

const genesis = testGenesis()
const TRANSACTIONS = 600

async function withLedger(work: (published: PublishedLedger, ledger: EmbeddedLedger) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-published-'))
  const clock = (): number => TEST_TIME_MS
  const ledger = new EmbeddedLedger({ directory, genesis, engineKey: ENGINE_KEY, rules: TEST_RULES, clock })
  try {
    const numbers = Array.from({ length: TRANSACTIONS }, (_, n) => n)
    await Promise.all(numbers.map(async (n) => ledger.submit(await signedTransaction([putCall(n % 50, `${n}`)]))))
    const checkpoint = async (): Promise<string> => ledger.checkpoint()
    await work({ checkpoint, resource: async (path) => ledger.tile(path) as Uint8Array }, ledger)
  } finally {
    await ledger.close()
    rmSync(directory, { recursive: true })
  }
}

test('an audit of what a node publishes gives the roots of its checkpoint, and names what differs', () =>
  withLedger(async (published, ledger) => {
    const bundles: number[] = []
    const audit = (changed: Partial<PublishedLedger>) =>
      auditPublishedWithRules({ ...published, ...changed }, genesis, TEST_RULES, (total) => bundles.push(total))
    const { height, stateRoot } = ledger.status()
    const report = await audit({})
    assert.equal(report.divergence, null)
    assert.deepEqual([report.transactions, report.height, report.blocks], [TRANSACTIONS, height, height + 1])
    assert.deepEqual([report.stateRoot, bundles], [Buffer.from(stateRoot).toString('hex'), [3, 3, 3]])

    const withEntries = (change: (entries: Uint8Array[]) => void): Partial<PublishedLedger> => ({
      resource: async (path) => {
        const entries = splitEntries(await published.resource(path))
        if (path === 'entries/001') change(entries)
        return joinEntries(entries)
      },
    })
    const lie = (entries: Uint8Array[]): void => {
      entries[7] = encode(LogEntry, { ...decode(LogEntry, entries[7] as Uint8Array), code: 'test-lie' })
    }
    const lied = (await audit(withEntries(lie))).divergence
    assert.deepEqual([lied?.what, lied?.logIndex, lied?.found], ['result', 263, 'test-lie'])
    const late = (entries: Uint8Array[]): void => {
      entries[7] = encode(LogEntry, { ...decode(LogEntry, entries[7] as Uint8Array), height: 0 })
    }
    assert.equal((await audit(withEntries(late))).divergence?.what, 'sequence')
    const short = (await audit(withEntries((entries) => void entries.pop()))).divergence
    assert.deepEqual([short?.what, short?.logIndex, short?.found], ['entry', 256, '255 entries'])
    const garbage = (entries: Uint8Array[]): void => {
      entries[7] = utf8('no entry')
    }
    const broken = (await audit(withEntries(garbage))).divergence
    assert.deepEqual([broken?.what, broken?.logIndex, broken?.height], ['entry', 263, null])

    const opened = openCheckpoint(ledger.checkpoint(), readGenesis(genesis))
    assert.equal(opened.origin, checkpointOrigin(readGenesis(genesis)))
    for (const [changed, what] of [
      [{ stateRoot: opened.logRoot }, 'state-root'],
      [{ logRoot: opened.stateRoot }, 'log-root'],
      [{ protocol: 2 }, 'protocol'],
      [{ height: height - 1 }, 'sequence'],
    ] as const) {
      const checkpoint = async (): Promise<string> => signCheckpoint({ ...opened, ...changed }, ENGINE_KEY)
      assert.equal((await audit({ checkpoint })).divergence?.what, what)
    }
    const unsigned = async (): Promise<string> => ledger.checkpoint().replace(/time \d/, 'time 9')
    await assert.rejects(audit({ checkpoint: unsigned }), { code: 'checkpoint-signature' })
  }))

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { type Command, decode, encode, LogEntry } from '@salus/core'
import { auditWithRules, checkTransaction } from '../audit.ts'
import { joinEntries, splitEntries } from '../log/entry-bundle.ts'
import { Application } from './application.ts'
import type { DecidedBlock } from './engine.ts'
import { keyCall, putCall, signedTransaction, TEST_RULES, TEST_TIME_MS, testGenesis, values } from './test-rules.ts'

const genesis = testGenesis()

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-application-'))
  try {
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function open(directory: string): Application {
  return new Application({ directory, genesis, rules: TEST_RULES })
}

async function blockOf(height: number, ...transactions: readonly Command[][]): Promise<DecidedBlock> {
  const wires = await Promise.all(transactions.map((commands) => signedTransaction(commands)))
  const timeMs = TEST_TIME_MS + height
  return { height, timeMs, transactions: wires.map((wire) => ({ wire, checked: checkTransaction(wire) })) }
}

test('a finalized block is not seen before its commit, and gives the same hash again', () =>
  withDirectory(async (directory) => {
    const application = open(directory)
    const block = await blockOf(1, [putCall(1, 'one')], [keyCall('remove', 0)])
    const before = application.appHash()
    const { appHash, codes } = application.finalize(block)
    assert.deepEqual(codes, [null, null])
    assert.deepEqual(application.appHash(), before)
    assert.equal(application.get(values.key(1)), undefined)
    assert.equal(application.proveState(values.key(1)).value, null)
    assert.throws(() => application.proveEntry(0), { code: 'log-index' })
    assert.equal(application.block(1), undefined)
    assert.deepEqual(application.finalize(block).appHash, appHash)
    application.get(values.key(1))
    application.commit()
    assert.deepEqual(application.appHash(), appHash)
    assert.ok(application.get(values.key(1)))
    assert.equal(application.get(values.key(0)), undefined)
    application.close()
    const again = open(directory)
    assert.deepEqual(again.appHash(), appHash)
    again.close()
  }))

test('another block may replace the finalized one', () =>
  withDirectory(async (directory) => {
    const application = open(directory)
    application.finalize(await blockOf(1, [putCall(1, 'lost')]))
    application.finalize(await blockOf(1, [putCall(2, 'kept')]))
    application.commit()
    assert.equal(application.get(values.key(1)), undefined)
    assert.ok(application.get(values.key(2)))
    assert.throws(() => application.commit(), { code: 'block-height' })
    const next = await blockOf(2)
    assert.throws(() => application.finalize({ ...next, height: 3 }), { code: 'block-height' })
    assert.throws(() => application.finalize({ ...next, timeMs: TEST_TIME_MS }), { code: 'block-time' })
    application.close()
  }))

test('two replicas agree whatever their grouping of reads, commits and restarts', () =>
  withDirectory(async (directory) => {
    const one = open(join(directory, 'one'))
    let other = open(join(directory, 'other'))
    for (let height = 1; height <= 30; height++) {
      const commands = [putCall(height, `${height}`), putCall(height % 5, 'again')]
      const block = await blockOf(height, commands, [keyCall('remove', Math.max(0, height - 3))], [keyCall('fault', 1)])
      const { appHash } = one.finalize(block)
      one.commit()
      other.finalize(block)
      if (height % 3 === 0) other.proveState(values.key(height))
      if (height % 7 === 0) {
        other.close()
        other = open(join(directory, 'other'))
        other.finalize(block)
      }
      other.commit()
      assert.deepEqual(other.appHash(), appHash)
    }
    one.close()
    other.close()
  }))

async function filledLedger(directory: string): Promise<void> {
  const application = open(directory)
  for (let height = 1; height <= 8; height++) {
    application.finalize(await blockOf(height, [putCall(height, 'x')], [keyCall('remove', height % 3)]))
    application.commit()
  }
  application.close()
}

test('an audit replays an honest ledger', () =>
  withDirectory(async (directory) => {
    await filledLedger(directory)
    const report = auditWithRules(directory, genesis, TEST_RULES)
    assert.equal(report.divergence, null)
    assert.deepEqual([report.blocks, report.transactions, report.height], [9, 16, 8])
  }))

test('an audit names the first divergence', () =>
  withDirectory(async (directory) => {
    await filledLedger(directory)
    const edit = (sql: string, ...parameters: Uint8Array[]): void => {
      const database = new DatabaseSync(join(directory, 'ledger.sqlite'))
      database.prepare(sql).run(...parameters)
      database.close()
    }
    edit('UPDATE block SET state_root = zeroblob(32) WHERE height = 7')
    const changed = auditWithRules(directory, genesis, TEST_RULES).divergence
    assert.deepEqual([changed?.height, changed?.what], [7, 'state-root'])

    const database = new DatabaseSync(join(directory, 'ledger.sqlite'))
    const row = database.prepare('SELECT entries FROM log_segment WHERE first_index = 10').get()
    database.close()
    const [first, second] = splitEntries(row?.entries as Uint8Array) as [Uint8Array, Uint8Array]
    const lied = encode(LogEntry, { ...decode(LogEntry, second), code: 'test-lie' })
    edit('UPDATE log_segment SET entries = ? WHERE first_index = 10', joinEntries([first, lied]))
    const result = auditWithRules(directory, genesis, TEST_RULES).divergence
    assert.deepEqual([result?.height, result?.what, result?.logIndex, result?.found], [6, 'result', 11, 'test-lie'])
  }))

test('one process writes a ledger; an audit may read beside it', () =>
  withDirectory(async (directory) => {
    await filledLedger(directory)
    const application = open(directory)
    assert.throws(() => open(directory), { code: 'store-locked' })
    assert.equal(auditWithRules(directory, genesis, TEST_RULES).divergence, null)
    application.close()
    open(directory).close()
    assert.throws(() => auditWithRules(join(directory, 'none'), genesis, TEST_RULES), { code: 'store-missing' })
  }))

test('a file that is not what its last block says does not open', () =>
  withDirectory(async (directory) => {
    await filledLedger(directory)
    const edit = (sql: string): void => {
      const database = new DatabaseSync(join(directory, 'ledger.sqlite'))
      database.exec(sql)
      database.close()
    }
    edit('UPDATE block SET state_root = zeroblob(32) WHERE height = 8')
    assert.throws(() => open(directory), { code: 'ledger-corrupt' })
    edit('UPDATE value_chunk SET records = zeroblob(length(records)) WHERE height = 5')
    assert.throws(() => open(directory), { code: 'store-corrupt' })
    const other = { directory, genesis: testGenesis('other'), rules: TEST_RULES }
    assert.throws(() => new Application(other), { code: 'store-other-ledger' })
  }))

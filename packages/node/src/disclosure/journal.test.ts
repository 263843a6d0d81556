/** The journal and its thread, over real files. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { DisclosureRow, decode, fromHex, randomBytes, stateKey, toHex } from '@salus/core'
import fc from 'fast-check'
import Fastify from 'fastify'
import { health } from '../health.ts'
import { batchesOfFile } from './batches.ts'
import { framesBytes, packFrames, unpackFrames } from './frames.ts'
import { KIND } from './tables.ts'
import { disclosureOf, openTestCustodian, type TestCustodian } from './test-custodian.ts'

/** Long enough that nothing is taken to the ledger before `flush`. */
const NEVER_MS = 3_600_000

let directory: string
let custodian: TestCustodian

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'salus-journal-'))
  custodian = await openTestCustodian(directory, NEVER_MS)
})

after(async () => {
  await custodian.close()
  await rm(directory, { recursive: true })
})

function newFile(): string {
  return toHex(randomBytes(16))
}

async function append(fileId: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => custodian.journal.append([disclosureOf(fileId)])))
}

async function sequences(fileId: string): Promise<number[]> {
  return (await custodian.journal.read(fileId, 0)).map(({ sequence }) => sequence)
}

async function countsOfBatches(fileId: string): Promise<number[]> {
  return (await batchesOfFile(await custodian.journal.settled(), fileId)).map(({ count }) => count)
}

function committed(fileId: string): number {
  const value = custodian.ledger.get(stateKey('disclosure', 'file', [fromHex(fileId)]))
  return value === undefined ? 0 : decode(DisclosureRow, value).entries
}

async function reopen(): Promise<void> {
  await custodian.close()
  custodian = await openTestCustodian(directory, NEVER_MS)
}

test('frames come out as they went in', () => {
  const frame = fc.record({
    kind: fc.constantFrom(KIND.disclosure, KIND.unknown),
    content: fc.uint8Array({ maxLength: 400 }),
  })
  fc.assert(
    fc.property(fc.array(frame), (frames) => {
      const packed = packFrames(frames)
      assert.equal(packed.length, framesBytes(frames))
      const back = [...unpackFrames(packed)].map(({ kind, content }) => ({ kind, content: new Uint8Array(content) }))
      assert.deepEqual(
        back,
        frames.map((one) => ({ ...one })),
      )
    }),
  )
})

test('what is durable is seen at once, also beside an append that is under way', async () => {
  const file = newFile()
  await append(file, 3)
  const more = append(file, 600)
  assert.deepEqual((await sequences(file)).slice(0, 3), [1, 2, 3])
  await more
  assert.equal((await sequences(file)).length, 603)
})

test('several batches of one file are committed by one transaction, in order', async () => {
  const file = newFile()
  for (const count of [2, 1, 4]) {
    await append(file, count)
    await custodian.journal.settled()
  }
  assert.deepEqual(await countsOfBatches(file), [2, 1, 4])
  const { logSize } = custodian.ledger.status()
  await custodian.outbox.flush()
  assert.equal(committed(file), 7)
  assert.equal(custodian.ledger.status().logSize, logSize + 1)
})

test('a stop between sealing and the outbox: the batch is taken once by the successor', async () => {
  const file = newFile()
  await append(file, 5)
  await custodian.journal.settled()
  await reopen()
  assert.equal(custodian.outbox.waiting, 5)
  await append(file, 2)
  await custodian.outbox.flush()
  await reopen()
  await custodian.outbox.flush()
  assert.deepEqual([committed(file), await countsOfBatches(file)], [7, [5, 2]])
})

test('a stop amid sealing: entries with rows but without a batch get one', async () => {
  const file = newFile()
  await append(file, 4)
  await custodian.journal.settled()
  await custodian.close()
  // As if the process had stopped after a slice that wrote rows, before the one that writes the batches.
  const database = new DatabaseSync(join(directory, 'journal.db'))
  database.prepare('DELETE FROM disclosure_batch WHERE file_id = ?').run(file)
  database.close()
  custodian = await openTestCustodian(directory, NEVER_MS)
  assert.deepEqual([await sequences(file), await countsOfBatches(file)], [[1, 2, 3, 4], [4]])
  await custodian.outbox.flush()
  assert.equal(committed(file), 4)
})

test('refusals about nobody known take the same way and end in a table of their own', async () => {
  const refusal = { timeMs: 5, requester: '1'.repeat(32), practitioner: null, reason: 'no-consent' }
  await custodian.journal.appendUnknown(refusal)
  const read = await custodian.journal.settled()
  const row = await read.get('SELECT time_ms AS timeMs, requester, practitioner, reason FROM refused_unknown')
  assert.deepEqual({ ...(row as object) }, refusal)
})

test('an entry that cannot be encoded leaves no gap', async () => {
  const file = newFile()
  await append(file, 1)
  const broken = { ...disclosureOf(file), purpose: '\ud800' }
  await assert.rejects(custodian.journal.append([disclosureOf(file), broken]), { code: 'cbor-unsupported' })
  await append(file, 1)
  assert.deepEqual(await sequences(file), [1, 2])
})

test('while the journal cannot write, every append is refused; afterwards the sequence goes on', async () => {
  const file = newFile()
  await append(file, 2)
  const database = new DatabaseSync(join(directory, 'journal.db'), { timeout: 5000 })
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON journal_entry BEGIN SELECT raise(ABORT, 'full'); END`)
  const { journal } = custodian
  const app = Fastify()
  health(app, custodian)
  const readiness = async () => (await app.inject('/readyz')).json<{ status: string }>().status
  assert.equal(await readiness(), 'ready')
  const refused = { code: 'journal-failed' }
  await Promise.all([1, 2].map(() => assert.rejects(journal.append([disclosureOf(file)]), refused)))
  await assert.rejects(journal.append([disclosureOf(file)]), refused)
  await assert.rejects(journal.read(file, 0), refused)
  assert.deepEqual([await readiness(), (await app.inject('/readyz')).statusCode], ['not-recording', 503])
  database.exec('DROP TRIGGER full')
  database.close()
  for (let tries = 0; tries < 100; tries++) {
    if (await journal.settled().catch(() => undefined)) break
    await new Promise((done) => setTimeout(done, 50))
  }
  assert.equal(await readiness(), 'ready')
  await app.close()
  await append(file, 1)
  assert.deepEqual(await sequences(file), [1, 2, 3])
  await custodian.outbox.flush()
  assert.equal(committed(file), 3)
  assert.deepEqual(custodian.troubles, ['journal-failed'])
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  DisclosureRow,
  decode,
  encode,
  FileRow,
  fromHex,
  randomBytes,
  SalusError,
  SignedTransaction,
  stateKey,
  TRANSACTION_LIFETIME_MS_MAX,
  toHex,
} from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { verifyProofFile, writeProofFile } from '@salus/proof'
import type { Database } from '../db/database.ts'
import { openSqlite } from '../db/sqlite.ts'
import { disclosureId, Journal, type NewEntry, parseDisclosureId } from '../disclosure/journal.ts'
import { startTestLedger, type TestLedger } from '../testing/ledger.ts'
import { disclosureEvidence } from './evidence.ts'
import { Outbox } from './outbox.ts'
import { OUTBOX_DDL } from './tables.ts'

let network: TestLedger
let database: Database
let journal: Journal
const troubles: string[] = []

before(async () => {
  network = await startTestLedger(['riverside', 'lakeside'])
  database = openSqlite(join(network.directory, 'node.db'), [OUTBOX_DDL])
  journal = await openJournal()
})

after(async () => {
  await journal.close()
  await database.close()
  await network.remove()
})

function openJournal(): Promise<Journal> {
  return Journal.open(join(network.directory, 'journal.db'), { onTrouble: (code) => troubles.push(code) })
}

function open(ledger: Ledger = network.ledger): Promise<Outbox> {
  const sign = network.members[0]!.sign
  return Outbox.open({ database, journal, ledger, sign, delayMs: 5, onTrouble: (code) => troubles.push(code) })
}

async function anchor(outbox: Outbox, fileId: string, count: number): Promise<void> {
  await database.write(async (transaction) => {
    for (let i = 0; i < count; i++) {
      await outbox.add(transaction, fileId, randomBytes(32))
    }
  })
  outbox.announce(count)
}

function fileRow(fileId: string): FileRow | undefined {
  const value = network.ledger.get(stateKey('record', 'file', [fromHex(fileId)]))
  return value && decode(FileRow, value)
}

function disclosureRow(fileId: string): DisclosureRow | undefined {
  const value = network.ledger.get(stateKey('disclosure', 'file', [fromHex(fileId)]))
  return value && decode(DisclosureRow, value)
}

function entryFor(fileId: string, emergency: string | null = null): NewEntry {
  return {
    fileId: fromHex(fileId),
    timeMs: Date.now(),
    custodian: network.members[0]!.id,
    requester: network.members[1]!.id,
    practitioner: 'Practitioner/1',
    purpose: 'TREAT',
    interaction: 'read',
    decision: 'permit',
    reason: 'consent',
    emergency,
    consents: [],
    what: [{ type: 'Observation', count: 1 }],
    content: randomBytes(32),
  }
}

describe('outbox', () => {
  it('opens a file once and anchors what waits, in batches', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 3)
    await outbox.flush()
    assert.equal(fileRow(fileId)?.versions, 3)
    await anchor(outbox, fileId, 2)
    await outbox.flush()
    assert.equal(fileRow(fileId)?.versions, 5)
    assert.equal(outbox.waiting, 0)
    await outbox.close()
  })

  it('commits by itself within the delay', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 1)
    for (let i = 0; i < 200 && fileRow(fileId) === undefined; i++) await new Promise((done) => setTimeout(done, 10))
    assert.equal(fileRow(fileId)?.versions, 1)
    await outbox.close()
  })

  it('takes more files than one command holds', async () => {
    const outbox = await open()
    const files = Array.from({ length: 300 }, () => toHex(randomBytes(16)))
    for (const fileId of files) await anchor(outbox, fileId, 1)
    await outbox.flush()
    assert.deepEqual(new Set(files.map((fileId) => fileRow(fileId)?.versions)), new Set([1]))
    await outbox.close()
  })

  it('goes on after a stop between the answer of the ledger and writing it down, and commits nothing twice', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 2)
    await outbox.flush()
    // As if the process had stopped after the ledger's answer, before it was written down.
    await journal.write([
      ['UPDATE outbox_sealed SET log_index = NULL WHERE sealed = (SELECT max(sealed) FROM outbox_sealed)', []],
    ])
    await outbox.close()
    const again = await open()
    await again.flush()
    assert.equal(fileRow(fileId)?.versions, 2, 'nothing is committed twice')
    const row = await (await journal.settled()).get<{ n: number }>(
      'SELECT count(*) AS n FROM outbox_sealed WHERE log_index IS NULL',
    )
    assert.equal(row?.n, 0)
    await again.close()
    assert.deepEqual(troubles, [])
  })

  it('counts anew after a seal that persisted although it failed', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    journal.write = async (statements) => {
      journal.write = Journal.prototype.write
      await journal.write(statements)
      throw new SalusError('journal-failed', 'the commit came through, the answer did not')
    }
    await anchor(outbox, fileId, 2)
    await assert.rejects(outbox.flush(), { code: 'outbox-stalled' })
    await outbox.flush()
    assert.deepEqual([fileRow(fileId)?.versions, outbox.waiting], [2, 0])
    await outbox.close()
    troubles.length = 0
  })

  it('keeps what waits while the ledger is away, and commits it afterwards', async () => {
    const outbox = await open(answering(() => Promise.reject(new Error('away'))))
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 1)
    await new Promise((done) => setTimeout(done, 100))
    assert.ok(troubles.length > 0)
    troubles.length = 0
    await outbox.close()
    const back = await open()
    await back.flush()
    assert.equal(fileRow(fileId)?.versions, 1)
    await back.close()
  })

  it('signs anew what expired while the node was down and the ledger idle', async (t) => {
    const outbox = await open(answering(() => Promise.reject(new Error('away'))))
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 1)
    await assert.rejects(outbox.flush(), { code: 'outbox-stalled' })
    await outbox.close()
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + TRANSACTION_LIFETIME_MS_MAX })
    const back = await open()
    await back.flush()
    assert.equal(fileRow(fileId)?.versions, 1)
    await back.close()
    troubles.length = 0
  })

  it('sends again what a broken ledger did not take, and says so', async () => {
    const outbox = await open(answering((wire) => network.ledger.submit(withoutSignature(wire))))
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 1)
    await assert.rejects(outbox.flush(), { code: 'outbox-stalled' })
    await outbox.close()
    assert.ok(troubles.includes('signature-invalid'), troubles.join())
    troubles.length = 0
    const back = await open()
    await back.flush()
    assert.equal(fileRow(fileId)?.versions, 1)
    await back.close()
  })
})

/** The ledger, with another answer to what is submitted. */
function answering(submit: Ledger['submit']): Ledger {
  return Object.assign(Object.create(network.ledger) as Ledger, {
    submit,
    status: () => network.ledger.status(),
    block: (height: number) => network.ledger.block(height),
    get: (key: Uint8Array) => network.ledger.get(key),
  })
}

/** The transaction with a signature that does not hold. */
function withoutSignature(wire: Uint8Array): Uint8Array {
  const { body } = decode(SignedTransaction, wire)
  return encode(SignedTransaction, { body, signature: new Uint8Array(64) })
}

describe('journal', () => {
  it('numbers the entries of a file without gaps, also when they arrive together', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    await anchor(outbox, fileId, 1)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => journal.append([entryFor(fileId, i === 7 ? 'a fall' : null)])),
    )
    await outbox.flush()
    const rows = await journal.read(fileId, 0)
    assert.deepEqual(
      rows.map((row) => row.sequence),
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    assert.deepEqual([disclosureRow(fileId)?.entries, disclosureRow(fileId)?.emergencies], [50, 1])
    await outbox.close()
  })

  it('goes on with the sequence after a restart', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    await journal.append([entryFor(fileId)])
    await outbox.close()
    await journal.close()
    journal = await openJournal()
    const again = await open()
    await journal.append([entryFor(fileId)])
    const rows = await journal.read(fileId, 0)
    assert.deepEqual(
      rows.map((row) => row.sequence),
      [1, 2],
    )
    await again.flush()
    assert.equal(disclosureRow(fileId)?.entries, 2)
    await again.close()
  })

  it('gives evidence that the proof package accepts', async () => {
    const outbox = await open()
    const fileId = toHex(randomBytes(16))
    for (let i = 0; i < 5; i++) await journal.append([entryFor(fileId)])
    const { row } = await journal.entry(fileId, 3)
    const parts = { read: database.read, journal, ledger: network.ledger, genesis: network.genesis }
    await outbox.flush()
    const evidence = await disclosureEvidence(parts, fileId, 3)
    const proof = writeProofFile({
      format: 'salus-proof/1',
      kind: 'disclosure',
      entry: new Uint8Array(row.entry),
      ...evidence,
    })
    const result = verifyProofFile(proof, network.genesisText)
    assert.ok(result.valid, JSON.stringify(result))
    assert.equal(result.claim.kind === 'disclosure' && result.claim.sequence, 3)
    await outbox.close()
  })

  it('takes ids apart and refuses anything else', async () => {
    const id = disclosureId('00'.repeat(16), 12)
    assert.equal(parseDisclosureId(id).sequence, 12)
    for (const wrong of ['', 'x.1', `${'00'.repeat(16)}.0`, `${'00'.repeat(16)}.1e3`, `${id} `]) {
      assert.throws(() => parseDisclosureId(wrong), { code: 'disclosure-unknown' })
    }
  })
})

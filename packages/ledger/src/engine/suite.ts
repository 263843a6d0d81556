/** What every implementation of the ledger must do. `open` opens the ledger of a folder, or begins it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  decode,
  encode,
  fromUtf8,
  LogEntry,
  parseTransaction,
  randomBytes,
  readGenesis,
  SignedTransaction,
  sha256,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_LIFETIME_MS_MAX,
  utf8,
} from '@salus/core'
import { merkleRoot, openCheckpoint, verifyLogProof, verifyStateProof } from '@salus/proof'
import type { CommittedBlock, Ledger } from '../ledger.ts'
import { splitEntries } from '../log/log-store.ts'
import { keyCall, putCall, signedTransaction, TEST_TIME_MS, testGenesis, values } from './test-rules.ts'

/** Opens the ledger of `testGenesis()` under `TEST_RULES` with `ENGINE_KEY`. */
export type OpenLedger = (directory: string, clock: () => number) => Promise<Ledger>

interface Bench {
  readonly clock: { nowMs: number }
  ledger: Ledger
  reopen(): Promise<void>
}

/** Runs the suite for one implementation. */
export function ledgerSuite(name: string, open: OpenLedger): void {
  const it = (what: string, work: (bench: Bench) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'salus-ledger-'))
      const clock = { nowMs: TEST_TIME_MS }
      const now = (): number => clock.nowMs
      const bench: Bench = {
        clock,
        ledger: await open(directory, now),
        reopen: async () => {
          await bench.ledger.close()
          bench.ledger = await open(directory, now)
        },
      }
      try {
        await work(bench)
      } finally {
        await bench.ledger.close()
        rmSync(directory, { recursive: true })
      }
    })
  }
  transactionTests(it)
  evidenceTests(it)
  blockTests(it)
}

type It = (what: string, work: (bench: Bench) => Promise<void>) => void

const GENESIS = readGenesis(testGenesis())

function transactionTests(it: It): void {
  it('a transaction is applied and acknowledged with its place in the log', async ({ ledger }) => {
    const wire = await signedTransaction([putCall(1, 'one')])
    const receipt = await ledger.submit(wire)
    assert.equal(receipt.code, null)
    assert.deepEqual(receipt.transactionId, parseTransaction(wire).id)
    assert.equal(receipt.height, 1)
    assert.equal(receipt.timeMs, TEST_TIME_MS)
    assert.equal(receipt.logIndex, 0)
    assert.deepEqual(ledger.get(values.key(1)), encodeValue('one'))
    assert.equal(ledger.status().logSize, 1)
  })

  it('commands of one transaction are applied together or not at all', async ({ ledger }) => {
    await ledger.submit(await signedTransaction([putCall(5, 'kept')]))
    const before = ledger.status().stateRoot
    const commands = [putCall(1, 'one'), putCall(5, 'lost'), keyCall('remove', 77)]
    assert.equal((await ledger.submit(await signedTransaction(commands))).code, 'test-absent')
    assert.equal(ledger.get(values.key(1)), undefined)
    assert.deepEqual(ledger.get(values.key(5)), encodeValue('kept'))
    assert.deepEqual(ledger.status().stateRoot, before)
    assert.equal(ledger.status().logSize, 2)
  })

  it('every refusal has its code', async ({ ledger, clock }) => {
    const codeOf = async (wire: Promise<Uint8Array>): Promise<string | null> => (await ledger.submit(await wire)).code
    const commands = [putCall(1, 'one')]
    assert.equal(await codeOf(signedTransaction(commands, { expiresAtMs: clock.nowMs })), 'expired')
    const tooFar = clock.nowMs + 60_000 + TRANSACTION_LIFETIME_MS_MAX
    assert.equal(await codeOf(signedTransaction(commands, { expiresAtMs: tooFar })), 'expiry-too-far')
    assert.equal(await codeOf(signedTransaction(commands, { genesis: testGenesis('other') })), 'wrong-ledger')
    const unknown = { contract: 'test', command: 'nothing', args: null }
    assert.equal(await codeOf(signedTransaction([unknown])), 'unknown-command')
    assert.equal(await codeOf(signedTransaction([{ ...putCall(1, 'x'), args: [1] }])), 'schema-mismatch')
    assert.equal(await codeOf(signedTransaction([keyCall('fault', 1)])), 'contract-fault')
    assert.equal(ledger.get(values.key(1)), undefined)
  })

  it('a transaction is executed once, also after a restart', async (bench) => {
    const wire = await signedTransaction([putCall(1, 'one')])
    const twice = await Promise.all([bench.ledger.submit(wire), bench.ledger.submit(wire)])
    assert.deepEqual(
      twice.map(({ code }) => code),
      [null, 'replayed'],
    )
    await bench.reopen()
    assert.equal((await bench.ledger.submit(wire)).code, 'replayed')
    bench.clock.nowMs += 60_000
    assert.equal((await bench.ledger.submit(wire)).code, 'expired')
  })

  it('a refused transaction was executed too, and one that came too early may come again', async (bench) => {
    const refused = await signedTransaction([keyCall('remove', 3)])
    assert.equal((await bench.ledger.submit(refused)).code, 'test-absent')
    assert.equal((await bench.ledger.submit(refused)).code, 'replayed')
    const expiresAtMs = TEST_TIME_MS + TRANSACTION_LIFETIME_MS_MAX + 5000
    const early = await signedTransaction([putCall(3, 'three')], { expiresAtMs })
    assert.equal((await bench.ledger.submit(early)).code, 'expiry-too-far')
    bench.clock.nowMs += 5000
    assert.equal((await bench.ledger.submit(early)).code, null)
  })

  it('what is malformed, too large or badly signed never reaches a block', async ({ ledger }) => {
    const wire = await signedTransaction([putCall(1, 'one')])
    const { body, signature } = decode(SignedTransaction, wire)
    const damaged = encode(SignedTransaction, { body, signature: signature.map((b, i) => (i === 3 ? b ^ 1 : b)) })
    await assert.rejects(ledger.submit(damaged), { code: 'signature-invalid' })
    const longer = encode(SignedTransaction, { body, signature: new Uint8Array(65) })
    await assert.rejects(ledger.submit(longer), { code: 'signature-invalid' })
    await assert.rejects(ledger.submit(new Uint8Array(TRANSACTION_BYTES_MAX + 1)), { code: 'transaction-too-large' })
    await assert.rejects(ledger.submit(wire.subarray(1)), { code: 'cbor-malformed' })
    await assert.rejects(ledger.submit(Uint8Array.of(0x80)), { code: 'schema-mismatch' })
    assert.equal(ledger.status().height, 0)
    assert.equal((await ledger.submit(wire)).code, null)
  })

  it('the largest transaction is committed and served', async ({ ledger }) => {
    const commands = Array.from({ length: 59 }, (_, n) => putCall(n, 'x'.repeat(1000)))
    const wire = await signedTransaction(commands)
    assert.ok(wire.length > TRANSACTION_BYTES_MAX - 2000 && wire.length <= TRANSACTION_BYTES_MAX)
    assert.equal((await ledger.submit(wire)).code, null)
    const [entry] = splitEntries(ledger.tile('entries/000.p/1') as Uint8Array)
    assert.deepEqual(decode(LogEntry, entry as Uint8Array).transaction, wire)
  })
}

function evidenceTests(it: It): void {
  it('presence and absence are proven under the checkpoint', async ({ ledger }) => {
    for (let n = 1; n <= 40; n++) await ledger.submit(await signedTransaction([putCall(n, `value ${n}`)]))
    for (let n = 0; n <= 60; n++) {
      const proof = ledger.proveState(values.key(n))
      const checkpoint = verifyStateProof(proof, GENESIS)
      assert.equal(checkpoint.height, ledger.status().height)
      assert.deepEqual(proof.value ?? undefined, ledger.get(values.key(n)))
      assert.equal(proof.value !== null, n <= 40)
    }
  })

  it('every entry is proven to be in the log, with its result', async ({ ledger }) => {
    const codes: (string | null)[] = []
    for (let n = 1; n <= 10; n++) {
      const commands = n % 3 === 0 ? [keyCall('remove', 99)] : [putCall(n, 'x')]
      codes.push((await ledger.submit(await signedTransaction(commands))).code)
    }
    for (let index = 0; index < codes.length; index++) {
      assert.equal(verifyLogProof(ledger.proveEntry(index), GENESIS).entry.code, codes[index])
    }
    assert.throws(() => ledger.proveEntry(codes.length), { code: 'log-index' })
  })

  it('the checkpoint states the head and is signed by the key of the genesis', async ({ ledger }) => {
    const atGenesis = openCheckpoint(ledger.checkpoint(), GENESIS)
    assert.deepEqual([atGenesis.height, atGenesis.logSize], [0, 0])
    await ledger.submit(await signedTransaction([putCall(1, 'one')]))
    const checkpoint = openCheckpoint(ledger.checkpoint(), GENESIS)
    const { height, timeMs, logSize, logRoot, stateRoot, protocol } = ledger.status()
    const { origin: _, ...stated } = checkpoint
    assert.deepEqual(stated, { height, timeMs, logSize, logRoot, stateRoot, protocol })
    assert.throws(() => openCheckpoint(ledger.checkpoint(), readGenesis(testGenesis('other'))), {
      code: 'checkpoint-origin',
    })
  })

  it('entry bundles and tiles recompute the log root', async ({ ledger }) => {
    const wires = await Promise.all(Array.from({ length: 300 }, (_, n) => signedTransaction([putCall(n, 'x')])))
    await Promise.all(wires.map((wire) => ledger.submit(wire)))
    const entries = ['entries/000', 'entries/001.p/44'].flatMap((path) => splitEntries(ledger.tile(path) as Uint8Array))
    assert.deepEqual(merkleRoot(entries), ledger.status().logRoot)
    const hashes = Buffer.concat([ledger.tile('0/000') as Uint8Array, ledger.tile('0/001.p/44') as Uint8Array])
    const leaves = entries.map((entry) => sha256(Uint8Array.of(0), entry))
    assert.deepEqual(new Uint8Array(hashes), new Uint8Array(Buffer.concat(leaves)))
    assert.deepEqual(ledger.tile('1/000.p/1'), merkleRoot(entries.slice(0, 256)))
    for (const path of ['0/001.p/45', '0/001', '0/002.p/1', '1/000.p/2', 'entries/001', 'checkpoint', '../ledger']) {
      assert.equal(ledger.tile(path), undefined, path)
    }
  })
}

function blockTests(it: It): void {
  it('a restart finds the same roots, state, log and receipts', async (bench) => {
    const wires = await Promise.all(Array.from({ length: 700 }, (_, n) => signedTransaction([putCall(n % 90, `${n}`)])))
    for (let i = 0; i < wires.length; i += 100) {
      await Promise.all(wires.slice(i, i + 100).map((wire) => bench.ledger.submit(wire)))
    }
    const status = bench.ledger.status()
    const block = bench.ledger.block(status.height)
    const tile = bench.ledger.tile('0/001')
    await bench.reopen()
    assert.deepEqual(bench.ledger.status(), status)
    assert.deepEqual(bench.ledger.block(status.height), block)
    assert.deepEqual(bench.ledger.tile('0/001'), tile)
    const receipt = await bench.ledger.submit(await signedTransaction([putCall(1, 'after')]))
    assert.equal(receipt.logIndex, 700)
    verifyLogProof(bench.ledger.proveEntry(500), GENESIS)
    verifyStateProof(bench.ledger.proveState(values.key(1)), GENESIS)
  })

  it('listeners see every block once, in order, after it is committed', async ({ ledger }) => {
    const seen: CommittedBlock[] = []
    const stop = ledger.onBlock((block) => {
      assert.equal(ledger.status().height, block.height)
      seen.push(block)
    })
    const wires = await Promise.all(Array.from({ length: 200 }, (_, n) => signedTransaction([putCall(n, 'x')])))
    await Promise.all(wires.map((wire) => ledger.submit(wire)))
    stop()
    await ledger.submit(await signedTransaction([putCall(1, 'unseen')]))
    let next = 0
    seen.forEach((block, i) => {
      assert.equal(block.height, i + 1)
      assert.equal(block.firstLogIndex, next)
      assert.ok(block.entries.length > 0)
      next += block.entries.length
      assert.deepEqual(ledger.block(block.height), block)
    })
    assert.equal(next, 200)
    assert.deepEqual(
      seen.flatMap(({ entries }) => entries.map((e) => decode(LogEntry, e).transaction)),
      wires,
    )
    assert.equal(ledger.block(seen.length + 2), undefined)
  })

  it('block time moves forward even when the clock does not', async ({ ledger, clock }) => {
    const times: number[] = []
    for (const nowMs of [TEST_TIME_MS, TEST_TIME_MS, TEST_TIME_MS - 5000, TEST_TIME_MS + 50]) {
      clock.nowMs = nowMs
      times.push((await ledger.submit(await signedTransaction([putCall(1, 'x')]))).timeMs - TEST_TIME_MS)
    }
    assert.deepEqual(times, [0, 1, 2, 50])
  })

  it('a closed ledger commits what waits and takes nothing more', async (bench) => {
    const waiting = bench.ledger.submit(await signedTransaction([putCall(8, 'late')]))
    await bench.ledger.close()
    assert.equal((await waiting).code, null)
    await assert.rejects(bench.ledger.submit(randomBytes(10)), { code: 'ledger-closed' })
    await bench.reopen()
    assert.deepEqual(bench.ledger.get(values.key(8)), encodeValue('late'))
  })

  it('genesis writes the state of height 0', async ({ ledger }) => {
    assert.equal(ledger.status().height, 0)
    assert.equal(fromUtf8(values.get(ledger, 0) as Uint8Array), 'genesis')
    assert.deepEqual(ledger.block(0)?.entries, [])
  })
}

function encodeValue(text: string): Uint8Array {
  const content = utf8(text)
  return Uint8Array.from([0x40 + content.length, ...content])
}

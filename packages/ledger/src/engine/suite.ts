/**
 * What every implementation of the ledger must do. Where an engine has its own time, as CometBFT has the validators',
 * the tests wait for it; heights are compared with each other, since an engine may make blocks of its own.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Command,
  decode,
  encode,
  fromUtf8,
  type Genesis,
  isSalusError,
  LogEntry,
  parseTransaction,
  randomBytes,
  readGenesis,
  SignedTransaction,
  sha256,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_LIFETIME_MS_MAX,
  toHex,
  utf8,
} from '@salus/core'
import { merkleRoot, openCheckpoint, verifyLogProof, verifyStateProof } from '@salus/proof'
import type { CommittedBlock, Ledger } from '../ledger.ts'
import { splitEntries } from '../log/entry-bundle.ts'
import { keyCall, putCall, signedTransaction, TEST_TIME_MS, testGenesis, values, type Wish } from './test-rules.ts'

/** The time that blocks of a ledger under test get. */
export interface TestClock {
  readonly now: () => number
  /** Lets time pass, in milliseconds: at once where the test sets it, else by waiting. */
  readonly pass: (ms: number) => Promise<void>
}

/** An implementation under test. */
export interface Engine {
  readonly name: string
  /** The text of the genesis file, which is that of `testGenesis()` save for engine and time. */
  readonly genesis: string
  readonly clock: TestClock
  /** Opens the ledger of a folder, or begins it, under `TEST_RULES`. */
  readonly open: (directory: string) => Promise<Ledger>
}

interface Bench {
  readonly clock: TestClock
  readonly genesis: Genesis
  readonly sign: (commands: readonly Command[], wish?: Wish) => Promise<Uint8Array>
  ledger: Ledger
  reopen(): Promise<void>
}

/** A clock that stands still until a test moves it. */
export function steppedClock(): TestClock & { nowMs: number } {
  const clock = {
    nowMs: TEST_TIME_MS,
    now: () => clock.nowMs,
    pass: async (ms: number) => {
      clock.nowMs += ms
    },
  }
  return clock
}

/** Runs the suite for one implementation, which `engineOf` makes anew for each test. */
export function ledgerSuite(engineOf: () => Engine): void {
  const it = (what: string, work: (bench: Bench) => Promise<void>): void => {
    const { name, genesis, clock, open } = engineOf()
    test(`${name}: ${what}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'salus-ledger-'))
      const sign: Bench['sign'] = (commands, wish) =>
        signedTransaction(commands, { genesis, expiresAtMs: clock.now() + 60_000, ...wish })
      const bench: Bench = {
        clock,
        genesis: readGenesis(genesis),
        sign,
        ledger: await open(directory),
        reopen: async () => {
          await bench.ledger.close()
          bench.ledger = await open(directory)
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

/** The code with which a transaction ends, in a block or before it. */
async function codeOf(ledger: Ledger, wire: Uint8Array): Promise<string | null> {
  try {
    return (await ledger.submit(wire)).code
  } catch (error) {
    if (isSalusError(error)) return error.code
    throw error
  }
}

function transactionTests(it: It): void {
  it('a transaction is applied and acknowledged with its place in the log', async ({ ledger, sign }) => {
    const wire = await sign([putCall(1, 'one')])
    const receipt = await ledger.submit(wire)
    assert.equal(receipt.code, null)
    assert.deepEqual(receipt.transactionId, parseTransaction(wire).id)
    assert.equal(receipt.height, ledger.status().height)
    assert.equal(receipt.timeMs, ledger.status().timeMs)
    assert.equal(receipt.logIndex, 0)
    assert.deepEqual(ledger.get(values.key(1)), encodeValue('one'))
    assert.equal(ledger.status().logSize, 1)
  })

  it('commands of one transaction are applied together or not at all', async ({ ledger, sign }) => {
    await ledger.submit(await sign([putCall(5, 'kept')]))
    const before = ledger.status().stateRoot
    const commands = [putCall(1, 'one'), putCall(5, 'lost'), keyCall('remove', 77)]
    assert.equal((await ledger.submit(await sign(commands))).code, 'test-absent')
    assert.equal(ledger.get(values.key(1)), undefined)
    assert.deepEqual(ledger.get(values.key(5)), encodeValue('kept'))
    assert.deepEqual(ledger.status().stateRoot, before)
    assert.equal(ledger.status().logSize, 2)
  })

  it('every refusal has its code', async ({ ledger, clock, sign }) => {
    const ends = async (wire: Promise<Uint8Array>): Promise<string | null> => codeOf(ledger, await wire)
    const commands = [putCall(1, 'one')]
    assert.equal(await ends(sign(commands, { expiresAtMs: clock.now() })), 'expired')
    const tooFar = clock.now() + 60_000 + TRANSACTION_LIFETIME_MS_MAX
    assert.equal(await ends(sign(commands, { expiresAtMs: tooFar })), 'expiry-too-far')
    assert.equal(await ends(sign(commands, { genesis: testGenesis('other') })), 'wrong-ledger')
    const unknown = { contract: 'test', command: 'nothing', args: null }
    assert.equal(await ends(sign([unknown])), 'unknown-command')
    assert.equal(await ends(sign([{ ...putCall(1, 'x'), args: [1] }])), 'schema-mismatch')
    assert.equal(await ends(sign([keyCall('fault', 1)])), 'contract-fault')
    assert.equal(ledger.get(values.key(1)), undefined)
    assert.equal(ledger.status().logSize, 6)
  })

  it('a transaction is executed once, also after a restart', async (bench) => {
    const wire = await bench.sign([putCall(1, 'one')], { expiresAtMs: bench.clock.now() + 3000 })
    const twice = await Promise.all([bench.ledger.submit(wire), codeOf(bench.ledger, wire)])
    assert.equal(twice[0].code, null)
    const { logSize } = bench.ledger.status()
    const entries = await Promise.all(Array.from({ length: logSize }, (_, index) => bench.ledger.proveEntry(index)))
    assert.deepEqual(
      entries.map(({ entry }) => decode(LogEntry, entry).code),
      [null, ...Array(logSize - 1).fill('replayed')],
    )
    await bench.reopen()
    assert.equal(await codeOf(bench.ledger, wire), 'replayed')
    await bench.clock.pass(3000)
    await bench.ledger.submit(await bench.sign([putCall(2, 'two')]))
    assert.ok(['expired', 'replayed'].includes((await codeOf(bench.ledger, wire)) ?? ''))
  })

  it('a refused transaction was executed too, and one that came too early may come again', async (bench) => {
    const { ledger, clock, sign } = bench
    const refused = await sign([keyCall('remove', 3)])
    assert.equal(await codeOf(ledger, refused), 'test-absent')
    assert.equal(await codeOf(ledger, refused), 'replayed')
    const expiresAtMs = clock.now() + TRANSACTION_LIFETIME_MS_MAX + 2000
    const early = await sign([putCall(3, 'three')], { expiresAtMs })
    assert.equal(await codeOf(ledger, early), 'expiry-too-far')
    await clock.pass(2500)
    // The time of a block may be that of the one before it, for as long as nothing happened.
    await ledger.submit(await sign([putCall(1, 'one')]))
    assert.equal(await codeOf(ledger, early), null)
  })

  it('what is malformed, too large or badly signed never reaches a block', async ({ ledger, sign }) => {
    const wire = await sign([putCall(1, 'one')])
    const { body, signature } = decode(SignedTransaction, wire)
    const damaged = encode(SignedTransaction, { body, signature: signature.map((b, i) => (i === 3 ? b ^ 1 : b)) })
    await assert.rejects(ledger.submit(damaged), { code: 'signature-invalid' })
    const longer = encode(SignedTransaction, { body, signature: new Uint8Array(65) })
    await assert.rejects(ledger.submit(longer), { code: 'signature-invalid' })
    await assert.rejects(ledger.submit(new Uint8Array(TRANSACTION_BYTES_MAX + 1)), { code: 'transaction-too-large' })
    await assert.rejects(ledger.submit(wire.subarray(1)), { code: 'cbor-malformed' })
    await assert.rejects(ledger.submit(Uint8Array.of(0x80)), { code: 'schema-mismatch' })
    assert.equal(ledger.status().logSize, 0)
    assert.equal((await ledger.submit(wire)).code, null)
  })

  it('the largest transaction is committed and served', async ({ ledger, sign }) => {
    const commands = Array.from({ length: 59 }, (_, n) => putCall(n, 'x'.repeat(1000)))
    const wire = await sign(commands)
    assert.ok(wire.length > TRANSACTION_BYTES_MAX - 2000 && wire.length <= TRANSACTION_BYTES_MAX)
    assert.equal((await ledger.submit(wire)).code, null)
    const [entry] = splitEntries(ledger.tile('entries/000.p/1') as Uint8Array)
    assert.deepEqual(decode(LogEntry, entry as Uint8Array).transaction, wire)
  })
}

function evidenceTests(it: It): void {
  it('presence and absence are proven under the checkpoint', async ({ ledger, genesis, sign }) => {
    const wires = await Promise.all(Array.from({ length: 40 }, (_, n) => sign([putCall(n + 1, `value ${n}`)])))
    await Promise.all(wires.map((wire) => ledger.submit(wire)))
    for (let n = 0; n <= 60; n++) {
      const proof = await ledger.proveState(values.key(n))
      const checkpoint = verifyStateProof(proof, genesis)
      assert.deepEqual(checkpoint.stateRoot, ledger.status().stateRoot)
      assert.deepEqual(proof.value ?? undefined, ledger.get(values.key(n)))
      assert.equal(proof.value !== null, n <= 40)
    }
  })

  it('every entry is proven to be in the log, with its result', async ({ ledger, genesis, sign }) => {
    const codes: (string | null)[] = []
    for (let n = 1; n <= 10; n++) {
      const commands = n % 3 === 0 ? [keyCall('remove', 99)] : [putCall(n, 'x')]
      codes.push((await ledger.submit(await sign(commands))).code)
    }
    for (let index = 0; index < codes.length; index++) {
      assert.equal(verifyLogProof(await ledger.proveEntry(index), genesis).entry.code, codes[index])
    }
    await assert.rejects(ledger.proveEntry(codes.length), { code: 'log-index' })
  })

  it('the checkpoint states what is committed and verifies from the genesis alone', async ({
    ledger,
    genesis,
    sign,
  }) => {
    await ledger.proveState(values.key(0))
    assert.equal(openCheckpoint(ledger.checkpoint(), genesis).logSize, 0)
    const receipt = await ledger.submit(await sign([putCall(1, 'one')]))
    await ledger.proveState(values.key(1))
    const { height, timeMs, logSize, logRoot, stateRoot, protocol } = openCheckpoint(ledger.checkpoint(), genesis)
    const status = ledger.status()
    assert.ok(height >= receipt.height && timeMs >= receipt.timeMs && height <= status.height)
    assert.deepEqual([logSize, protocol], [status.logSize, status.protocol])
    assert.deepEqual([logRoot, stateRoot], [status.logRoot, status.stateRoot])
    assert.throws(() => openCheckpoint(ledger.checkpoint(), readGenesis(testGenesis('other'))), {
      code: 'checkpoint-origin',
    })
  })

  it('entry bundles and tiles recompute the log root', async ({ ledger, sign }) => {
    const wires = await Promise.all(Array.from({ length: 300 }, (_, n) => sign([putCall(n, 'x')])))
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
    const wires = await Promise.all(Array.from({ length: 700 }, (_, n) => bench.sign([putCall(n % 90, `${n}`)])))
    for (let i = 0; i < wires.length; i += 100) {
      await Promise.all(wires.slice(i, i + 100).map((wire) => bench.ledger.submit(wire)))
    }
    await bench.ledger.proveState(values.key(1))
    const { height, logSize, logRoot, stateRoot, stateKeys } = bench.ledger.status()
    const block = bench.ledger.block(height)
    const tile = bench.ledger.tile('0/001')
    await bench.reopen()
    const found = bench.ledger.status()
    assert.deepEqual([found.logSize, found.stateKeys], [logSize, stateKeys])
    assert.deepEqual([found.logRoot, found.stateRoot], [logRoot, stateRoot])
    assert.deepEqual(bench.ledger.block(height), block)
    assert.deepEqual(bench.ledger.tile('0/001'), tile)
    const receipt = await bench.ledger.submit(await bench.sign([putCall(1, 'after')]))
    assert.equal(receipt.logIndex, 700)
    verifyLogProof(await bench.ledger.proveEntry(500), bench.genesis)
    verifyStateProof(await bench.ledger.proveState(values.key(1)), bench.genesis)
  })

  it('listeners see every block once, in order, after it is committed', async ({ ledger, sign }) => {
    const { height } = ledger.status()
    const seen: CommittedBlock[] = []
    const stop = ledger.onBlock((block) => {
      assert.equal(ledger.status().height, block.height)
      seen.push(block)
    })
    const wires = await Promise.all(Array.from({ length: 200 }, (_, n) => sign([putCall(n, 'x')])))
    await Promise.all(wires.map((wire) => ledger.submit(wire)))
    stop()
    await ledger.submit(await sign([putCall(1, 'unseen')]))
    let next = 0
    seen.forEach((block, i) => {
      assert.equal(block.height, (seen[0] as CommittedBlock).height + i)
      assert.ok(block.height > height)
      assert.equal(block.firstLogIndex, next)
      next += block.entries.length
      assert.deepEqual(ledger.block(block.height), block)
    })
    assert.equal(next, 200)
    const logged = seen.flatMap(({ entries }) => entries.map((entry) => toHex(decode(LogEntry, entry).transaction)))
    assert.deepEqual(logged.sort(), wires.map(toHex).sort())
    assert.equal(ledger.block(ledger.status().height + 1), undefined)
  })

  it('block time moves forward', async ({ ledger, sign }) => {
    const times: number[] = []
    for (let n = 0; n < 4; n++) times.push((await ledger.submit(await sign([putCall(1, 'x')]))).timeMs)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(times).size, times.length)
  })

  it('a closed ledger commits what waits and takes nothing more', async (bench) => {
    const waiting = bench.ledger.submit(await bench.sign([putCall(8, 'late')]))
    await bench.ledger.close()
    assert.equal((await waiting).code, null)
    await assert.rejects(bench.ledger.submit(randomBytes(10)), { code: 'ledger-closed' })
    await bench.reopen()
    assert.deepEqual(bench.ledger.get(values.key(8)), encodeValue('late'))
  })

  it('genesis writes the state of height 0', async ({ ledger }) => {
    assert.equal(fromUtf8(values.get(ledger, 0) as Uint8Array), 'genesis')
    assert.deepEqual(ledger.block(0)?.entries, [])
  })
}

function encodeValue(text: string): Uint8Array {
  const content = utf8(text)
  return Uint8Array.from([0x40 + content.length, ...content])
}

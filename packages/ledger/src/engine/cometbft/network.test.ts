/** Four validators on this machine: real processes, real sockets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Command, decodeCommitEvidence, ed25519PublicKey, fromBase64, readGenesis, toHex } from '@salus/core'
import { verifyStateProof } from '@salus/proof'
import { putCall, signedTransaction, validateCall, values } from '../test-rules.ts'
import type { CometLedger } from './comet-ledger.ts'
import { binaryForTests, consensusSeed, TestNetwork } from './test-network.ts'

const binary = await binaryForTests()
const CATCH_UP_MS_MAX = 30_000

function rootsOf({ status }: Pick<CometLedger, 'status'>): string {
  const { logSize, logRoot, stateRoot } = status()
  return `${logSize} ${toHex(logRoot)} ${toHex(stateRoot)}`
}

/** Waits until all replicas have the same log and state, and nothing is missing. */
async function agree(ledgers: readonly CometLedger[], logSize: number): Promise<void> {
  const startMs = performance.now()
  for (;;) {
    const roots = new Set(ledgers.map((ledger) => rootsOf({ status: () => ledger.status() })))
    if (roots.size === 1 && ledgers[0]?.status().logSize === logSize) return
    assert.ok(performance.now() - startMs < CATCH_UP_MS_MAX, [...roots].join('\n'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

if (binary !== undefined) {
  test('four validators order together, lose one, and take it back', async () => {
    const network = await TestNetwork.start(binary, 4)
    const ledgers = network.ledgers as CometLedger[]
    let sent = 0
    /** Submits through all of `through` in turn. */
    const submit = async (count: number, through: readonly CometLedger[]): Promise<void> => {
      const wires = Array.from({ length: count }, () => {
        const n = sent++
        return signedTransaction([putCall(n % 50, `${n}`)], {
          genesis: network.genesis,
          expiresAtMs: Date.now() + 60_000,
        })
      })
      const receipts = await Promise.all(wires.map(async (wire, i) => through[i % through.length]?.submit(await wire)))
      for (const receipt of receipts) assert.equal(receipt?.code, null)
    }
    try {
      await submit(200, ledgers)
      await agree(ledgers, 200)
      for (const ledger of ledgers) assert.equal(ledger.status().lagMs, 0)

      // One CometBFT dies; the others go on, and it is started again.
      const pid = ledgers[3]?.cometPid as number
      process.kill(pid, 'SIGKILL')
      await submit(50, ledgers.slice(0, 3))
      await agree(ledgers, 250)
      assert.notEqual(ledgers[3]?.cometPid, pid)

      // What is handed to a member while its CometBFT is down gets into a block when it is back.
      process.kill(ledgers[2]?.cometPid as number, 'SIGKILL')
      await submit(20, [ledgers[2] as CometLedger])

      // A whole member is away, and catches up when it is back.
      await ledgers[1]?.close()
      await submit(100, [ledgers[0], ledgers[2], ledgers[3]] as CometLedger[])
      ledgers[1] = await network.open(1)
      await agree(ledgers, 370)

      // Writes survive the loss of the own validator by going through another member's.
      await ledgers[0]?.close()
      ledgers[0] = await network.open(0, { relays: () => [(wire) => (ledgers[1] as CometLedger).submit(wire)] })
      process.kill(ledgers[0]?.cometPid as number, 'SIGKILL')
      await submit(10, [ledgers[0] as CometLedger])
      await agree(ledgers, 380)
      assert.ok(ledgers[0]?.get(values.key(1)))
    } finally {
      await network.close()
    }
  })

  test('validators come and go, and proofs lead from the genesis across every change', async () => {
    const network = await TestNetwork.start(binary, 4, 1)
    const genesis = readGenesis(network.genesis)
    const ledgers = network.ledgers as CometLedger[]
    const submit = async (command: Command): Promise<void> => {
      const wish = { genesis: network.genesis, expiresAtMs: Date.now() + 60_000 }
      assert.equal((await (ledgers[3] as CometLedger).submit(await signedTransaction([command], wish))).code, null)
    }
    const key = (n: number): Uint8Array => ed25519PublicKey(consensusSeed(n))
    /** The headers that the proof of node `n` needs. */
    const prove = async (n: number): Promise<number> => {
      const { checkpoint } = await (ledgers[n] as CometLedger).proveState(values.key(1))
      verifyStateProof({ ...(await (ledgers[n] as CometLedger).proveState(values.key(1))) }, genesis)
      const line = checkpoint.trimEnd().split(' ').at(-1) as string
      return decodeCommitEvidence(fromBase64(line).subarray(4)).hops.length
    }
    try {
      await submit(putCall(1, 'x'))
      assert.equal(await prove(0), 1)
      // Nobody of before stays: only the header that announces the change leads across it.
      await submit(validateCall([key(1)]))
      for (let n = 0; n < 3; n++) await submit(putCall(1, `${n}`))
      assert.ok((await prove(0)) > 1)
      await submit(validateCall([key(1), key(2), key(3)]))
      for (let n = 0; n < 3; n++) await submit(putCall(1, `again ${n}`))
      await submit(validateCall([key(2), key(3), key(0)]))
      for (let n = 0; n < 4; n++) await submit(putCall(1, `at last ${n}`))
      const hops = await Promise.all([0, 1, 2, 3].map(prove))
      assert.ok(hops.every((count) => count <= 7))
      // The one that was taken out is not needed; without two thirds of the others nothing goes.
      await ledgers[1]?.close()
      await submit(putCall(2, 'without the first'))
      assert.equal(ledgers[3]?.status().lagMs, 0)
    } finally {
      await network.close()
    }
  })

  test('without a quorum nothing is committed, the lag grows, and work goes on when the quorum is back', async () => {
    const network = await TestNetwork.start(binary, 4)
    const ledgers = network.ledgers as CometLedger[]
    const sign = (n: number): Promise<Uint8Array> =>
      signedTransaction([putCall(n, 'x')], { genesis: network.genesis, expiresAtMs: Date.now() + 60_000 })
    try {
      await ledgers[0]?.submit(await sign(1))
      await agree(ledgers, 1)
      await ledgers[1]?.close()
      ledgers[1] = await network.open(1, { submitMsMax: 1000 })
      await Promise.all([ledgers[2]?.close(), ledgers[3]?.close()])
      const waiting = ledgers[0]?.submit(await sign(2))
      await assert.rejects(ledgers[1].submit(await sign(3)), { code: 'ledger-timeout' })
      await new Promise((resolve) => setTimeout(resolve, 2500))
      assert.equal(ledgers[0]?.status().logSize, 1)
      assert.ok((ledgers[0]?.status().lagMs ?? 0) > 1000, `${ledgers[0]?.status().lagMs}`)
      ledgers[2] = await network.open(2)
      assert.equal((await waiting)?.code, null)
      ledgers[3] = await network.open(3)
      // What was given up may have come or not.
      const last = await ledgers[0]?.submit(await sign(4))
      await agree(ledgers, (last?.logIndex ?? 0) + 1)
    } finally {
      await network.close()
    }
  })
}

/** A member joins from a snapshot of the others; old blocks are thrown away. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { ed25519PublicKey, readGenesis } from '@salus/core'
import { verifyLogProof, verifyStateProof } from '@salus/proof'
import { putCall, signedTransaction, validateCall, values } from '../test-rules.ts'
import type { CometLedger } from './comet-ledger.ts'
import { binaryForTests, consensusSeed, TestNetwork } from './test-network.ts'

const binary = await binaryForTests()
const SNAPSHOT_BLOCKS = 8
const OPTIONS = { snapshotBlocks: SNAPSHOT_BLOCKS, retainBlocks: 10 }

/** Serves light blocks as a node does. */
async function serve(ledger: CometLedger): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(await ledger.lightCall(JSON.parse(body))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function until(isDone: () => boolean, msMax = 30_000): Promise<void> {
  const startMs = performance.now()
  while (!isDone()) {
    assert.ok(performance.now() - startMs < msMax, 'it takes too long')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

if (binary !== undefined) {
  test('a member joins from a snapshot, across a change of validators, and goes on as the others', async () => {
    const network = await TestNetwork.start(binary, 4, 3, OPTIONS)
    const ledgers = network.ledgers as CometLedger[]
    const [first, second] = ledgers as [CometLedger, CometLedger]
    const genesis = readGenesis(network.genesis)
    let n = 0
    const submit = async (command = putCall(n % 9, `${n++}`)): Promise<void> => {
      const wish = { genesis: network.genesis, expiresAtMs: Date.now() + 60_000 }
      assert.equal((await first.submit(await signedTransaction([command], wish))).code, null)
    }
    const servers: Server[] = []
    try {
      await ledgers[3]?.close()
      rmSync(network.directory(3), { recursive: true })
      for (let i = 0; i < 5; i++) await submit()
      await submit(validateCall([1, 2, 3].map((each) => ed25519PublicKey(consensusSeed(each % 3)))))
      const snapshots = (node: number): string[] => {
        const folder = join(network.directory(node), 'snapshots')
        return readdirSync(folder).filter((name) => /^\d+$/.test(name))
      }
      while (snapshots(0).length < 2) await submit()
      await until(() => [1, 2].every((node) => snapshots(0).every((height) => snapshots(node).includes(height))))
      for (const height of snapshots(0)) {
        const manifests = [0, 1, 2].map((node) =>
          readFileSync(join(network.directory(node), 'snapshots', height, 'manifest')),
        )
        for (const manifest of manifests) assert.deepEqual(manifest, manifests[0])
      }
      // One of them offers a damaged chunk.
      for (const height of snapshots(2)) {
        writeFileSync(join(network.directory(2), 'snapshots', height, '0'), 'nothing of the kind')
      }

      servers.push(await serve(first), await serve(second))
      const { checkpoint } = await first.proveState(values.key(1))
      const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/light`)
      const joined = await network.open(3, { ...OPTIONS, stateSync: { servers: urls, checkpoint } })
      await until(() => joined.status().logSize === first.status().logSize)
      assert.deepEqual(joined.status().stateRoot, first.status().stateRoot)
      assert.deepEqual(joined.status().logRoot, first.status().logRoot)
      assert.equal(joined.block(1), undefined, 'it did not replay from the first block')

      const wish = { genesis: network.genesis, expiresAtMs: Date.now() + 60_000 }
      const receipt = await joined.submit(await signedTransaction([putCall(77, 'from the new one')], wish))
      assert.equal(receipt.code, null)
      verifyStateProof(await joined.proveState(values.key(77)), genesis)
      verifyLogProof(await joined.proveEntry(receipt.logIndex), genesis)

      // Started again it has a ledger, and no more need of a snapshot.
      await joined.close()
      const again = await network.open(3, { ...OPTIONS, stateSync: { servers: urls, checkpoint } })
      assert.ok(again.get(values.key(77)))
      assert.ok(!existsSync(join(network.directory(3), 'restoring')))
    } finally {
      for (const server of servers) server.close()
      await network.close()
    }
  })

  test('old blocks are thrown away, and the ledger keeps its log', async () => {
    const network = await TestNetwork.start(binary, 1, 1, OPTIONS)
    const ledger = network.ledgers[0] as CometLedger
    const genesis = readGenesis(network.genesis)
    const earliest = async (): Promise<number> => {
      const { result } = (await ledger.lightCall({ id: 1, method: 'status' })) as {
        result: { sync_info: { earliest_block_height: string } }
      }
      return Number(result.sync_info.earliest_block_height)
    }
    try {
      const startMs = performance.now()
      for (let n = 0; (await earliest()) <= 1; n++) {
        assert.ok(performance.now() - startMs < 30_000)
        const wish = { genesis: network.genesis, expiresAtMs: Date.now() + 60_000 }
        await ledger.submit(await signedTransaction([putCall(n % 9, `${n}`)], wish))
      }
      verifyLogProof(await ledger.proveEntry(0), genesis)
      assert.ok(ledger.block(1))
      const refused = await ledger.lightCall({ id: 1, method: 'broadcast_tx_async', params: { tx: '' } })
      assert.ok('error' in (refused as object))
    } finally {
      await network.close()
    }
  })
}

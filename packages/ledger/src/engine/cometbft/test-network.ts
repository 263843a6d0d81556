/** Networks of CometBFT on the loopback of this machine, for tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ed25519PublicKey,
  type GenesisContent,
  isSalusError,
  memberId,
  readGenesis,
  sha256,
  utf8,
  writeGenesis,
} from '@salus/core'
import { TEST_RULES, testGenesis } from '../test-rules.ts'
import { cometBinary } from './binary.ts'
import { CometLedger, type CometOptions } from './comet-ledger.ts'
import { nodeId } from './home.ts'

export const consensusSeed = (n: number): Uint8Array => sha256(utf8(`consensus key ${n}`))
export const nodeSeed = (n: number): Uint8Array => sha256(utf8(`node key ${n}`))

/** The genesis of `testGenesis()` on CometBFT with so many validators. */
export function cometGenesis(validators: number, timeMs: number = Date.now() - 1000): string {
  const { ledgerId: _, ...content } = readGenesis(testGenesis())
  const [first] = content.members as [GenesisContent['members'][number]]
  const members = Array.from({ length: validators }, (_, n) => {
    const signingKey = n === 0 ? first.signingKey : ed25519PublicKey(sha256(utf8(`member ${n}`)))
    const name = n === 0 ? first.name : `Member ${n}`
    return {
      ...first,
      name,
      handle: n === 0 ? first.handle : `member-${n}`,
      signingKey,
      id: memberId(name, signingKey),
    }
  })
  const engine = {
    kind: 'cometbft' as const,
    trustingPeriodMs: 14 * 24 * 60 * 60 * 1000,
    validators: members.map(({ id }, n) => ({ memberId: id, publicKey: ed25519PublicKey(consensusSeed(n)) })),
  }
  return writeGenesis({ ...content, timeMs, members, engine })
}

/** So many ports of the loopback that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map((server) => {
      return new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
      })
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/**
 * The program, built where that can be done; undefined where it cannot be had, which is said, or an error where
 * SALUS_REQUIRE_COMETBFT asks for it.
 */
export async function binaryForTests(): Promise<string | undefined> {
  try {
    return await cometBinary()
  } catch (error) {
    if (!isSalusError(error, 'cometbft-missing') || process.env.SALUS_REQUIRE_COMETBFT === '1') throw error
    process.stdout.write(`left out, not passed: ${error.message}\n`)
    return undefined
  }
}

/** Replicas of one ledger, each in its own folder, all in this process. */
export class TestNetwork {
  readonly genesis: string
  readonly folder: string = mkdtempSync(join(tmpdir(), 'salus-comet-'))
  readonly ledgers: (CometLedger | undefined)[] = []
  readonly #binary: string
  readonly #ports: readonly number[]

  private constructor(binary: string, genesis: string, ports: readonly number[]) {
    this.#binary = binary
    this.genesis = genesis
    this.#ports = ports
  }

  /** Starts so many nodes, of which the first validate: all, where it is not said how many. */
  static async start(
    binary: string,
    nodes: number,
    validators: number = nodes,
    more: Partial<CometOptions> = {},
  ): Promise<TestNetwork> {
    const network = new TestNetwork(binary, cometGenesis(validators), await freePorts(nodes))
    await Promise.all(Array.from({ length: nodes }, (_, n) => network.open(n, more)))
    return network
  }

  directory(n: number): string {
    return join(this.folder, String(n))
  }

  async open(n: number, more: Partial<CometOptions> = {}): Promise<CometLedger> {
    const address = (port: number): string => `127.0.0.1:${port}`
    const peers = this.#ports.flatMap((port, i) => {
      return i === n ? [] : [`${nodeId(ed25519PublicKey(nodeSeed(i)))}@${address(port)}`]
    })
    const ledger = await CometLedger.open({
      directory: this.directory(n),
      genesis: this.genesis,
      rules: TEST_RULES,
      binary: this.#binary,
      consensusKey: consensusSeed(n),
      nodeKey: nodeSeed(n),
      listen: `tcp://${address(this.#ports[n] as number)}`,
      peers,
      ...more,
    })
    this.ledgers[n] = ledger
    return ledger
  }

  async close(): Promise<void> {
    await Promise.all(this.ledgers.map((ledger) => ledger?.close()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

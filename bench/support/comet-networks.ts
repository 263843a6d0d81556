/**
 * Two networks on the loopback with the same configuration of CometBFT, written by the engine's own code: one of Salus
 * members, one whose application is CometBFT's built-in `kvstore`. Both take numbered transactions at each of their
 * validators and tell which are committed.
 *
 * A Salus member is a process with its CometBFT beside it; a transaction goes to the member, which checks the signature,
 * hands it to its mempool, and tells when it has committed the block itself. A kvstore validator is CometBFT alone; the
 * sender of the load hands transactions to its RPC with the code that a member uses, in the same batches, and learns of
 * blocks from one validator's event, after which it reads the block there once for all.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ed25519PublicKey, fromBase64, readGenesis } from '@salus/core'
import { nodeId } from '@salus/ledger'
import { writeHome } from '../../packages/ledger/src/engine/cometbft/home.ts'
import { CometRpc } from '../../packages/ledger/src/engine/cometbft/rpc.ts'
import {
  cometGenesis,
  consensusSeed,
  freePorts,
  nodeSeed,
} from '../../packages/ledger/src/engine/cometbft/test-network.ts'
import type { Batch, FromReplica, ReplicaOptions, ToReplica } from './comet-child.ts'

/** Transactions in one request to CometBFT, as the engine sends them. */
const REQUEST_TRANSACTIONS_MAX = 512

export interface CometNetwork {
  readonly validators: number
  readonly ledgerId: Uint8Array
  /** Sends transactions to one validator. */
  send(validator: number, batch: Batch): void
  /** Told the numbers of transactions as they are committed. */
  onCommitted: (ids: readonly number[]) => void
  /** CPU time that all processes of the network have taken, in microseconds. */
  cpuMicroseconds(): number
  close(): Promise<void>
}

interface Place {
  readonly folder: string
  readonly genesis: string
  readonly nodes: readonly Omit<ReplicaOptions, 'binary'>[]
}

async function place(validators: number): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-'))
  const genesis = cometGenesis(validators)
  const ports = await freePorts(validators)
  const nodes = ports.map((port, n) => ({
    directory: join(folder, String(n)),
    genesis,
    consensusKey: consensusSeed(n),
    nodeKey: nodeSeed(n),
    listen: `tcp://127.0.0.1:${port}`,
    peers: ports.flatMap((other, i) => {
      return i === n ? [] : [`${nodeId(ed25519PublicKey(nodeSeed(i)))}@127.0.0.1:${other}`]
    }),
  }))
  return { folder, genesis, nodes }
}

/** What the kernel counted for these processes, in its ticks of 10 ms. */
function cpuOf(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // The name of the program stands in brackets; user and system time are the 12th and 13th fields after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  })
  return 10_000 * ticks.reduce((sum, each) => sum + each, 0)
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)
}

/** Members of Salus, each in a process of its own. */
export async function startSalus(binary: string, validators: number): Promise<CometNetwork> {
  const { folder, genesis, nodes } = await place(validators)
  const path = fileURLToPath(new URL('./comet-child.ts', import.meta.url))
  const children = nodes.map(() => fork(path, { serialization: 'advanced', cwd: folder }))
  let isClosing = false
  const tell = (n: number, message: ToReplica): void => void (children[n] as ChildProcess).send(message as object)
  for (const child of children) {
    child.once('exit', () => {
      if (!isClosing) throw new Error('a member ended')
    })
  }
  await Promise.all(
    nodes.map((node, n) => {
      tell(n, { ...node, binary })
      return once(children[n] as ChildProcess, 'message')
    }),
  )
  const network: CometNetwork = {
    validators,
    ledgerId: readGenesis(genesis).ledgerId,
    send: tell,
    onCommitted: () => undefined,
    cpuMicroseconds: () => cpuOf(children.flatMap(({ pid }) => [pid as number, ...childrenOf(pid as number)])),
    close: async () => {
      isClosing = true
      const ended = children.map((child) => once(child, 'exit'))
      for (const n of children.keys()) tell(n, null)
      await Promise.all(ended)
      rmSync(folder, { recursive: true })
    },
  }
  for (const child of children) {
    child.on('message', (message: FromReplica) => {
      if (typeof message === 'string') throw new Error(`a member refused: ${message}`)
      if (message !== true) network.onCommitted(message)
    })
  }
  return network
}

/** Hands transactions to the RPC of one CometBFT: one request at a time, each with all that came meanwhile. */
class Mempool {
  readonly rpc: CometRpc
  #queue: Uint8Array[] = []
  #isSending = false

  constructor(socketPath: string) {
    this.rpc = new CometRpc(socketPath)
  }

  add(wires: readonly Uint8Array[]): void {
    this.#queue.push(...wires)
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    while (this.#queue.length > 0) {
      const refused = (await this.rpc.broadcast(this.#queue.splice(0, REQUEST_TRANSACTIONS_MAX))).find(
        (reason) => reason !== null,
      )
      if (refused) throw new Error(`kvstore refused: ${refused}`)
    }
    this.#isSending = false
  }
}

/** Tells the transactions of each block of CometBFT, in base64, in order, as soon as the block is committed. */
class Blocks {
  readonly #socket: WebSocket
  readonly #rpc: CometRpc
  readonly #take: (transactions: readonly string[]) => void
  #read = 0
  #newest = 0
  #reading: Promise<void> | null = null

  private constructor(socket: WebSocket, rpc: CometRpc, take: (transactions: readonly string[]) => void) {
    this.#socket = socket
    this.#rpc = rpc
    this.#take = take
  }

  static async follow(port: number, rpc: CometRpc, take: (transactions: readonly string[]) => void): Promise<Blocks> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`)
    const blocks = new Blocks(socket, rpc, take)
    await once(socket, 'open')
    const query = "tm.event='NewBlockHeader'"
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { query } }))
    type Told = { result: { data?: { value: { header: { height: string } } } } }
    socket.addEventListener('message', ({ data }) => {
      const height = (JSON.parse(data as string) as Told).result.data?.value.header.height
      if (height === undefined) return
      blocks.#newest = Number(height)
      blocks.#reading ??= blocks.#readAll().finally(() => {
        blocks.#reading = null
      })
    })
    return blocks
  }

  /** Ends, after the block that is being read. */
  async close(): Promise<void> {
    this.#socket.close()
    this.#newest = 0
    await this.#reading
  }

  async #readAll(): Promise<void> {
    while (this.#read < this.#newest) {
      const height = this.#read === 0 ? this.#newest : this.#read + 1
      const { block } = (await this.#rpc.call('block', { height: String(height) })) as {
        block: { data: { txs: readonly string[] } }
      }
      this.#read = height
      this.#take(block.data.txs)
    }
  }
}

/** Until CometBFT answers and has found that it is behind nobody: before that it takes no transactions. */
async function untilReady(rpc: CometRpc, process: ChildProcess): Promise<void> {
  type Status = { sync_info: { catching_up: boolean } }
  for (;;) {
    const status = (await rpc.call('status').catch(() => undefined)) as Status | undefined
    if (status?.sync_info.catching_up === false) return
    if (process.exitCode !== null) throw new Error('CometBFT ended')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** CometBFT with the application `kvstore`, which it has in its own process. */
export async function startKvstore(binary: string, validators: number): Promise<CometNetwork> {
  const { folder, genesis, nodes } = await place(validators)
  const opened = readGenesis(genesis)
  const rpcPorts = await freePorts(validators)
  const more = { genesis: opened, stateSync: null, externalAddress: null }
  const processes = nodes.map((node, n) => {
    const home = node.directory
    mkdirSync(home, { recursive: true })
    // The second address is for events, which come over a WebSocket.
    const sockets = { abci: join(home, 'abci'), rpc: `${join(home, 'rpc')},tcp://127.0.0.1:${rpcPorts[n]}` }
    writeHome({ ...node, ...more, home, sockets })
    const own = ['start', '--home', home, '--proxy_app', 'kvstore']
    return spawn(binary, own, { stdio: 'ignore' })
  })
  const endAll = (): void => {
    for (const each of processes) each.kill('SIGTERM')
  }
  process.once('exit', endAll)
  const mempools = nodes.map(({ directory }) => new Mempool(join(directory, 'rpc')))
  await Promise.all(mempools.map(({ rpc }, n) => untilReady(rpc, processes[n] as ChildProcess)))
  const numbers = new Map<string, number>()
  const network: CometNetwork = {
    validators,
    ledgerId: opened.ledgerId,
    send: (n, { ids, wires }) => {
      wires.forEach((wire, i) => {
        numbers.set(nameOf(wire), ids[i] as number)
      })
      ;(mempools[n] as Mempool).add(wires)
    },
    onCommitted: () => undefined,
    cpuMicroseconds: () => cpuOf(processes.map(({ pid }) => pid as number)),
    close: async () => {
      await blocks.close()
      const ended = processes.map((each) => once(each, 'exit'))
      endAll()
      await Promise.all(ended)
      process.off('exit', endAll)
      for (const { rpc } of mempools) rpc.close()
      rmSync(folder, { recursive: true })
    },
  }
  const blocks = await Blocks.follow(rpcPorts[0] as number, (mempools[0] as Mempool).rpc, (transactions) => {
    const ids = transactions.flatMap((text) => take(numbers, nameOf(fromBase64(text.slice(0, 44)))))
    if (ids.length > 0) network.onCommitted(ids)
  })
  return network
}

/** The beginning of a kvstore transaction, its key, which is random: 32 characters. */
function nameOf(wire: Uint8Array): string {
  return Buffer.from(wire.buffer, wire.byteOffset, 32).toString('latin1')
}

function take(numbers: Map<string, number>, name: string): number[] {
  const id = numbers.get(name)
  numbers.delete(name)
  return id === undefined ? [] : [id]
}

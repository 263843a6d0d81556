/**
 * The demo network: each member is a node with vault, keys and port of its own, on one embedded ledger in this process.
 * The first start makes keys and genesis, loads patients into Riverside and gives five of them wallets; a later start
 * goes on where the last one stopped.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519PublicKey, fromHex, memberId, readGenesis, SalusError, toHex, writeGenesis } from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'
import { makeKeys, type NodeKeys, publicKeys, type RunningNode, readKeys, startNode, writeKeys } from '@salus/node'
import type { Network } from '../network.ts'
import { loadRiverside } from './load.ts'
import { DEMO_MEMBERS } from './members.ts'
import { findBusyPort } from './ports.ts'
import { type StatusPage, startStatusPage } from './status-page.ts'
import { describeMembers } from './tokens.ts'

export interface DemoOptions {
  readonly directory: string
  readonly port: number
  readonly host: string
  readonly reset: boolean
  readonly bundles?: string | undefined
}

export interface RunningDemo {
  readonly url: string
  close(): Promise<void>
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Starts the network; resolves when it is ready. @throws SalusError `port-taken`, `demo-directory` */
export async function runDemo(options: DemoOptions): Promise<RunningDemo> {
  const { directory, host, port } = options
  const busy = await findBusyPort(host, port, DEMO_MEMBERS.length + 1)
  if (busy !== undefined) throw new SalusError('port-taken', `port ${busy} is taken: choose others with --port`)
  if (options.reset || isUnfinished(directory)) resetDirectory(directory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const fresh = !existsSync(join(directory, 'genesis.json'))
  const keys = memberKeys(directory)
  if (fresh) writeFileSync(join(directory, 'genesis.json'), makeGenesis(directory, keys, host, port))
  const genesisText = readFileSync(join(directory, 'genesis.json'), 'utf8')
  requireSameAddress(genesisText, `http://${host}:${port + 1}`)
  const ledger = await openEmbeddedLedger({
    directory: join(directory, 'ledger'),
    genesis: genesisText,
    engineKey: engineKey(directory),
  })
  const nodes = await startNodes(options, keys, genesisText, ledger)
  const network = await describe(options, nodes)
  const page = await startStatusPage({ host, port, network, ledger })
  return { url: `http://${host}:${port}`, close: () => stop(page, nodes, ledger) }
}

/** True where a first start was interrupted: what it loaded would be loaded once more. */
function isUnfinished(directory: string): boolean {
  const has = (name: string): boolean => existsSync(join(directory, name))
  return has('genesis.json') && has('members') && !has('demo.json')
}

/** The ledger names the members' addresses, so they cannot move by an option. @throws SalusError `port-differs` */
function requireSameAddress(genesisText: string, url: string): void {
  const first = readGenesis(genesisText).members[0]?.url
  if (first === url) return
  throw new SalusError('port-differs', `this network's first member is at ${first}: keep --port and --host, or --reset`)
}

/** Removes what an earlier network left, and refuses a folder that holds anything else. */
function resetDirectory(directory: string): void {
  if (!existsSync(directory)) return
  if (!existsSync(join(directory, 'genesis.json'))) {
    throw new SalusError('demo-directory', `${directory} is not the folder of a network: it is left as it is`)
  }
  for (const name of ['genesis.json', 'demo.json', 'engine.key', 'ledger', 'members', 'wallets']) {
    rmSync(join(directory, name), { recursive: true, force: true })
  }
}

function memberKeys(directory: string): ReadonlyMap<string, NodeKeys> {
  return new Map(
    DEMO_MEMBERS.map(({ handle }) => {
      const path = join(directory, 'members', handle, 'keys.json')
      if (!existsSync(path)) {
        mkdirSync(join(directory, 'members', handle), { recursive: true, mode: 0o700 })
        writeKeys(path, makeKeys())
      }
      return [handle, readKeys(path)]
    }),
  )
}

/** The key that signs checkpoints; with one embedded ledger it belongs to whoever runs the demo. */
function engineKey(directory: string): Uint8Array {
  const path = join(directory, 'engine.key')
  if (!existsSync(path)) writeFileSync(path, toHex(makeKeys().signing), { mode: 0o600, flag: 'wx' })
  return fromHex(readFileSync(path, 'utf8'))
}

function makeGenesis(directory: string, keys: ReadonlyMap<string, NodeKeys>, host: string, port: number): string {
  return writeGenesis({
    format: 'salus-genesis/1',
    network: 'demo',
    timeMs: Date.now(),
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey(directory)) },
    members: DEMO_MEMBERS.map(({ handle, name, roles }, i) => {
      const { signingKey, encryptionKey } = publicKeys(keys.get(handle) as NodeKeys)
      const url = `http://${host}:${port + 1 + i}`
      return { id: memberId(name, signingKey), handle, name, roles, signingKey, encryptionKey, url }
    }),
  })
}

async function startNodes(
  options: DemoOptions,
  keys: ReadonlyMap<string, NodeKeys>,
  genesisText: string,
  ledger: Ledger,
): Promise<ReadonlyMap<string, RunningNode>> {
  const nodes = new Map<string, RunningNode>()
  for (const [i, { handle }] of DEMO_MEMBERS.entries()) {
    const node = await startNode({
      handle,
      directory: join(options.directory, 'members', handle),
      keys: keys.get(handle) as NodeKeys,
      genesisText,
      ledger,
      host: options.host,
      port: options.port + 1 + i,
    })
    nodes.set(handle, node)
    say(`${handle}: ${node.url}`)
  }
  return nodes
}

/** Writes demo.json; loads Riverside first when that was never finished. */
async function describe(options: DemoOptions, nodes: ReadonlyMap<string, RunningNode>): Promise<Network> {
  const path = join(options.directory, 'demo.json')
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Network) : undefined
  if (known !== undefined) return known
  const members = await describeMembers(nodes)
  const patients = await loadRiverside(options, nodes.get('riverside') as RunningNode, members.riverside)
  const network: Network = {
    portal: `http://${options.host}:${options.port}`,
    genesis: join(options.directory, 'genesis.json'),
    members,
    patients,
  }
  writeFileSync(path, `${JSON.stringify(network, null, 2)}\n`, { mode: 0o600 })
  return network
}

async function stop(page: StatusPage, nodes: ReadonlyMap<string, RunningNode>, ledger: Ledger): Promise<void> {
  await page.close()
  await Promise.all([...nodes.values()].map((node) => node.close()))
  await ledger.close()
}

/**
 * The state folder of the demo: a folder for each member (member-folder.ts) and one genesis file for all. Made by the
 * first start and found by later ones.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519PublicKey, fromHex, randomBytes, readGenesis, SalusError, toHex, writeGenesis } from '@salus/core'
import { foundNetwork } from '../found-network.ts'
import { genesisMember, makeMember, pathsOf, readMemberFile } from '../member-folder.ts'
import { type DemoMember, demoMembers } from './members.ts'
import type { DemoOptions } from './options.ts'

const TRUSTING_PERIOD_MS = 365 * 24 * 60 * 60 * 1000

/** The folder of a demo member. */
export function folderOf(
  { directory }: Pick<DemoOptions, 'directory'>,
  { handle }: Pick<DemoMember, 'handle'>,
): string {
  return join(directory, 'members', handle)
}

/**
 * Makes the folders on the first start and after `--reset`; returns the text of the genesis file.
 * @throws SalusError `demo-directory`, `port-differs`, `usage` when the network runs on another engine
 */
export function prepareFolders(options: DemoOptions): string {
  const { directory, engine } = options
  if (options.reset || isUnfinished(directory)) resetDirectory(directory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'genesis.json')
  if (!existsSync(path)) writeFileSync(path, makeGenesis(options))
  const genesisText = readFileSync(path, 'utf8')
  const genesis = readGenesis(genesisText)
  if (genesis.engine.kind !== engine) {
    throw new SalusError('usage', `this network runs on ${genesis.engine.kind}: say --engine, or --reset`)
  }
  requireSameAddress(genesis.members[0]?.url ?? '', urlOf(options, 0))
  return genesisText
}

/** The key that signs checkpoints; with one embedded ledger it belongs to whoever runs the demo. */
export function engineKey({ directory }: Pick<DemoOptions, 'directory'>): Uint8Array {
  const path = join(directory, 'engine.key')
  if (!existsSync(path)) writeFileSync(path, toHex(randomBytes(32)), { mode: 0o600, flag: 'wx' })
  return fromHex(readFileSync(path, 'utf8'))
}

const urlOf = ({ host, port }: DemoOptions, index: number): string => `http://${host}:${port + 1 + index}`

/** True where a first start was interrupted: what it loaded would be loaded once more. */
function isUnfinished(directory: string): boolean {
  const has = (name: string): boolean => existsSync(join(directory, name))
  return has('genesis.json') && has('members') && !has('demo.json')
}

/** The ledger names the members' addresses, so they cannot move by an option. @throws SalusError `port-differs` */
function requireSameAddress(first: string, url: string): void {
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

function makeGenesis(options: DemoOptions): string {
  const { engine, port, host, directory } = options
  const founders = demoMembers(engine)
  const members = founders.map(({ handle, name, roles }, i) => {
    const folder = folderOf(options, { handle })
    if (existsSync(pathsOf(folder).member)) return readMemberFile(pathsOf(folder).member)
    // The peers' ports follow those of the nodes.
    const peerAddress = engine === 'cometbft' ? `${host}:${port + 1 + founders.length + i}` : null
    return makeMember(folder, { handle, name, roles, url: urlOf(options, i), peerAddress })
  })
  if (engine === 'cometbft') {
    return foundNetwork({
      directory,
      folderOf: (handle) => folderOf(options, { handle }),
      network: 'demo',
      timeMs: Date.now(),
      trustingPeriodMs: TRUSTING_PERIOD_MS,
      members,
    })
  }
  return writeGenesis({
    format: 'salus-genesis/1',
    network: 'demo',
    timeMs: Date.now(),
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey(options)) },
    members: members.map(genesisMember),
  })
}

/** `salus node`: one member's node on an embedded ledger of its own, for an organisation that works alone. */
import { existsSync, writeFileSync } from 'node:fs'
import { ed25519PublicKey, MEMBER_ROLES, randomBytes, readGenesis, SalusError, toHex, writeGenesis } from '@salus/core'
import { issueToken, readKeys } from '@salus/node'
import { sendForJson } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { genesisMember, makeMember, pathsOf, readMemberFile } from '../member-folder.ts'
import { memberOf, readNetwork, readText } from '../network.ts'
import { EXIT, printError } from '../output.ts'
import { readPeers, writePeers } from '../peers-file.ts'
import { forgetLedger } from '../resync.ts'
import { type RunOptions, runMember } from '../run-member.ts'
import { stopSignal } from '../signals.ts'
import { trustedStart } from '../trusted-start.ts'
import { promoteConsensusKey } from '../validator-keys.ts'

interface InitOptions {
  readonly handle: string
  readonly name: string
  readonly role: string
  readonly url: string
}

export const nodeInit = defineCommand<InitOptions>(
  (node) =>
    node
      .command('init')
      .description('make the keys and the genesis file of a network with one member')
      .requiredOption('--handle <word>', 'short name of the member, in lower case')
      .requiredOption('--name <name>', 'name of the organisation')
      .requiredOption('--url <url>', 'where its node will be reached')
      .option('--role <role>', `one of ${MEMBER_ROLES.join(', ')}`, 'provider')
      .addHelpText(
        'after',
        '\nExample:\n  salus node init --dir clinic --handle clinic --name "A Clinic" --url http://127.0.0.1:8081',
      ),
  async ({ dir, handle, name, role, url }) => {
    const paths = pathsOf(dir)
    if (existsSync(paths.genesis)) throw new SalusError('usage', `${dir} holds a network already`)
    const member = makeMember(dir, { handle, name, roles: [role], url, peerAddress: null })
    const engineKey = randomBytes(32)
    const genesis = writeGenesis({
      format: 'salus-genesis/1',
      network: handle,
      timeMs: Date.now(),
      protocol: 1,
      engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
      members: [genesisMember(member)],
    })
    writeFileSync(paths.engineKey, toHex(engineKey), { mode: 0o600, flag: 'wx' })
    writeFileSync(paths.genesis, genesis, { flag: 'wx' })
    return {
      json: { member: member.id, genesis: paths.genesis, keys: paths.keys },
      text: `${name} is member ${member.id}; start its node with salus node start --dir ${dir}`,
    }
  },
)

interface StartOptions {
  readonly host: string
  readonly port?: string
  readonly engine?: string
  readonly snapshotBlocks?: string
  readonly retainBlocks?: string
}

export const nodeStart = defineCommand<StartOptions>(
  (node) =>
    node
      .command('start')
      .description('run a member’s node, and its validator where the ledger has some, in the foreground')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <number>', 'port to listen on (default: that of the member’s URL)')
      .option('--engine <engine>', 'refuse to start on another engine than this: embedded or cometbft')
      .option('--snapshot-blocks <number>', 'take a snapshot for joining members whenever so many blocks have passed')
      .option('--retain-blocks <number>', 'blocks that CometBFT keeps; the ledger keeps its whole log')
      .addHelpText('after', '\nExample:\n  salus node start --dir clinic'),
  async ({ dir, host, port, engine, snapshotBlocks, retainBlocks }) => {
    const { kind } = readGenesis(readText(pathsOf(dir).genesis)).engine
    if (engine !== undefined && engine !== kind) {
      throw new SalusError('usage', `the genesis file says that this network runs on ${kind}`)
    }
    const listenPort = port === undefined ? null : Number(port)
    if (listenPort !== null && !Number.isInteger(listenPort)) throw new SalusError('usage', '--port takes a number')
    const blocks = {
      ...(snapshotBlocks === undefined ? {} : { snapshotBlocks: countOf(snapshotBlocks, '--snapshot-blocks') }),
      ...(retainBlocks === undefined ? {} : { retainBlocks: countOf(retainBlocks, '--retain-blocks') }),
    }
    const log = (line: string): void => void process.stderr.write(`${line}\n`)
    try {
      await runUntilStopped({ dir, host, port: listenPort, blocks, log, stop: stopSignal() })
    } catch (error) {
      // What failed may not close either, as on a full disk: whoever supervises this process has to know at once.
      printError(error, false)
      process.exit(process.exitCode ?? EXIT.failed)
    }
    return { json: { status: 'stopped' }, text: '' }
  },
)

function countOf(text: string, option: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new SalusError('usage', `${option} takes a number above 0`)
  return count
}

/** Runs the member, and again with its next consensus key whenever that begins to count. */
async function runUntilStopped(options: RunOptions): Promise<void> {
  for (;;) {
    const member = await runMember(options)
    if (member === null) return
    process.stdout.write(`ready ${member.url}\n`)
    const changed = member.nextKeyCounts.then(() => true)
    const isKeyChange = await Promise.race([changed, options.stop.then(() => false), member.failed])
    await member.close()
    if (!isKeyChange) return
    promoteConsensusKey(options.dir)
  }
}

interface ResyncOptions {
  readonly from?: string
}

export const nodeResync = defineCommand<ResyncOptions>(
  (node) =>
    node
      .command('resync')
      .description('throw the replica away, save what its validator signed last, to get it anew from other members')
      .option('--from <files>', 'begin from a snapshot of the members with these member.json')
      .addHelpText('after', '\nExample:\n  salus node resync --dir clinic'),
  async ({ dir, from }) => {
    const paths = pathsOf(dir)
    const genesis = readGenesis(readText(paths.genesis))
    if (genesis.engine.kind !== 'cometbft') throw new SalusError('usage', 'nobody else has an embedded ledger')
    const stateSync = from === undefined ? null : await trustedStart(from.split(',').map(readMemberFile), genesis)
    const { listen, peers } = readPeers(paths.peers)
    forgetLedger(paths.ledger)
    writePeers(paths.peers, { listen, peers, stateSync })
    return { json: { status: 'empty' }, text: `the next salus node start --dir ${dir} gets the ledger anew` }
  },
)

interface TokenOptions {
  readonly kind: string
  readonly practitioner?: string
  readonly scopes?: string
  readonly days: string
}

const DAY_S = 24 * 60 * 60

export const nodeToken = defineCommand<TokenOptions>(
  (node) =>
    node
      .command('token')
      .description('an access token for one of the member’s own users or systems, made where the keys are')
      .option('--kind <kind>', 'operator or practitioner', 'operator')
      .option('--practitioner <reference>', 'the practitioner, Practitioner/…')
      .option('--scopes <scopes>', 'SMART scopes (default: system/*.cruds, for a practitioner user/*.cruds)')
      .option('--days <number>', 'how long it holds', '1')
      .addHelpText(
        'after',
        '\nExample:\n  salus node token --dir clinic --kind practitioner --practitioner Practitioner/1',
      ),
  async (options) => {
    const { dir, kind, practitioner = null } = options
    if (kind !== 'operator' && kind !== 'practitioner') {
      throw new SalusError('usage', '--kind is operator or practitioner')
    }
    const days = Number(options.days)
    if (!Number.isFinite(days) || days <= 0) throw new SalusError('usage', '--days takes a number above 0')
    const scopes = options.scopes ?? (kind === 'operator' ? 'system/*.cruds' : 'user/*.cruds')
    const paths = pathsOf(dir)
    const node = { member: readMemberFile(paths.member), keys: readKeys(paths.keys) }
    const token = await issueToken(node, { kind, practitioner, scopes, lifetimeS: Math.round(days * DAY_S) })
    return { json: { token }, text: token }
  },
)

interface StatusOptions {
  readonly as?: string
  readonly url?: string
}

export const nodeStatus = defineCommand<StatusOptions>(
  (node) =>
    node
      .command('status')
      .description('whether a node lives, is ready, and how far its ledger replica is')
      .option('--as <member>', 'a member of the network in --dir')
      .option('--url <url>', 'the node’s URL')
      .addHelpText('after', '\nExample:\n  salus node status --as riverside'),
  async (options) => {
    const url = options.url ?? memberOf(readNetwork(options.dir), options.as ?? '').url
    const [ready, ledger] = await Promise.all([sendForJson(`${url}/readyz`), sendForJson(`${url}/ledger/status`)])
    const status = { url, ...(ready as object), ledger }
    return { json: status, text: JSON.stringify(status, null, 2) }
  },
)

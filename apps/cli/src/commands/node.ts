/** `salus node`: one member's node on an embedded ledger of its own, for an organisation that works alone. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ed25519PublicKey,
  fromHex,
  MEMBER_ROLES,
  memberId,
  readGenesis,
  SalusError,
  toHex,
  writeGenesis,
} from '@salus/core'
import { openEmbeddedLedger } from '@salus/ledger'
import { issueToken, makeKeys, publicKeys, readKeys, startNode, writeKeys } from '@salus/node'
import { sendForJson } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { memberOf, readNetwork, readText } from '../network.ts'
import { stopSignal } from '../signals.ts'

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
  async (options) => {
    const { dir, handle, name } = options
    const role = MEMBER_ROLES.find((known) => known === options.role)
    if (role === undefined) throw new SalusError('usage', `--role is one of ${MEMBER_ROLES.join(', ')}`)
    if (existsSync(join(dir, 'genesis.json'))) throw new SalusError('usage', `${dir} holds a network already`)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const keys = makeKeys()
    const engine = makeKeys().signing
    const { signingKey, encryptionKey } = publicKeys(keys)
    const id = memberId(name, signingKey)
    const genesis = writeGenesis({
      format: 'salus-genesis/1',
      network: handle,
      timeMs: Date.now(),
      protocol: 1,
      engine: { kind: 'embedded', publicKey: ed25519PublicKey(engine) },
      members: [{ id, handle, name, roles: [role], signingKey, encryptionKey, url: options.url.replace(/\/+$/, '') }],
    })
    writeKeys(join(dir, 'keys.json'), keys)
    writeFileSync(join(dir, 'engine.key'), toHex(engine), { mode: 0o600, flag: 'wx' })
    writeFileSync(join(dir, 'genesis.json'), genesis, { flag: 'wx' })
    return {
      json: { member: id, genesis: join(dir, 'genesis.json'), keys: join(dir, 'keys.json') },
      text: `${name} is member ${id}; start its node with salus node start --dir ${dir}`,
    }
  },
)

interface StartOptions {
  readonly host: string
}

export const nodeStart = defineCommand<StartOptions>(
  (node) =>
    node
      .command('start')
      .description('run the node of a folder that `node init` made, in the foreground')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .addHelpText('after', '\nExample:\n  salus node start --dir clinic'),
  async ({ dir, host }) => {
    const genesisText = readText(join(dir, 'genesis.json'))
    const member = readGenesis(genesisText).members[0]
    if (member === undefined) throw new SalusError('usage', 'the genesis file names no member')
    const ledger = await openEmbeddedLedger({
      directory: join(dir, 'ledger'),
      genesis: genesisText,
      engineKey: fromHex(readFileSync(join(dir, 'engine.key'), 'utf8')),
    })
    const node = await startNode({
      handle: member.handle,
      directory: join(dir, 'node'),
      keys: readKeys(join(dir, 'keys.json')),
      genesisText,
      ledger,
      host,
      port: Number(new URL(member.url).port || 80),
    })
    process.stdout.write(`ready ${node.url}\n`)
    await stopSignal()
    await node.close()
    await ledger.close()
    return { json: { status: 'stopped' }, text: '' }
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
    const genesisText = readText(join(dir, 'genesis.json'))
    const handle = readGenesis(genesisText).members[0]?.handle ?? ''
    const keys = readKeys(join(dir, 'keys.json'))
    const order = { kind, practitioner, scopes, lifetimeS: Math.round(days * DAY_S) } as const
    const token = await issueToken({ handle, keys, genesisText }, order)
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

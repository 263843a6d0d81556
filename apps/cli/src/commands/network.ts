/** `salus network`: founding a network of several members on CometBFT, and joining one that runs. */
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { MEMBER_ROLES, readGenesis, SalusError, toHex } from '@salus/core'
import { defineCommand } from '../define.ts'
import { foundNetwork, listenFor } from '../found-network.ts'
import { type MemberFile, makeMember, pathsOf, readMemberFile } from '../member-folder.ts'
import { readText } from '../network.ts'
import { writePeers } from '../peers-file.ts'
import { trustedStart } from '../trusted-start.ts'

interface NewOptions {
  readonly dir: string
  readonly handle: string
  readonly name: string
  readonly role: string
  readonly url: string
  readonly peer?: string
}

export const memberNew = defineCommand<NewOptions>(
  (member) =>
    member
      .command('new')
      .description('make the keys of a member; its member.json is what the others need to take it in')
      .requiredOption('--handle <word>', 'short name of the member, in lower case')
      .requiredOption('--name <name>', 'name of the organisation')
      .requiredOption('--url <url>', 'where its node will be reached')
      .option('--peer <host:port>', 'where other members’ CometBFT will reach its own')
      .option('--role <role>', `one of ${MEMBER_ROLES.join(', ')}`, 'provider')
      .addHelpText(
        'after',
        '\nExample:\n  salus member new --dir northgate --handle northgate --name Northgate --role regulator \\\n' +
          '    --url https://salus.northgate.example --peer salus.northgate.example:26656',
      ),
  async ({ dir, handle, name, role, url, peer }) => {
    const member = makeMember(dir, { handle, name, roles: [role], url, peerAddress: peer ?? null })
    return { json: member, text: `${name} is member ${member.id}; the others need ${pathsOf(dir).member}` }
  },
)

interface InitOptions {
  readonly dir: string
  readonly members: string
  readonly name: string
  readonly host: string
  readonly port: string
  readonly peerPort: string
  readonly trustingDays: string
}

const DAY_MS = 24 * 60 * 60 * 1000

export const networkInit = defineCommand<InitOptions>(
  (network) =>
    network
      .command('init')
      .description('write the genesis file of a network, and keys and configuration for each of its members')
      .requiredOption('--members <list>', 'for each a member.json, or a handle (handle:role) whose keys are made here')
      .option('--name <word>', 'name of the network', 'salus')
      .option('--host <address>', 'host of the members whose keys are made here', '127.0.0.1')
      .option('--port <number>', 'port of the first such member’s node; the others follow', '8081')
      .option('--peer-port <number>', 'port of the first such member’s CometBFT; the others follow', '26656')
      .option('--trusting-days <number>', 'how long a verifier may trust validators without looking again', '365')
      .addHelpText(
        'after',
        '\nExample:\n  salus network init --dir net --members riverside,lakeside,hilltop:pharmacy,northgate:regulator',
      ),
  async (options) => {
    const { dir, name } = options
    const [port, peerPort, days] = [options.port, options.peerPort, options.trustingDays].map(Number) as [
      number,
      number,
      number,
    ]
    if (!(days > 0) || !Number.isInteger(port) || !Number.isInteger(peerPort)) {
      throw new SalusError('usage', 'ports and days are numbers')
    }
    const folderOf = (handle: string): string => join(dir, handle)
    const members = options.members.split(',').map((word, i): MemberFile => {
      if (word.endsWith('.json')) return readMemberFile(word)
      const [handle = '', role = 'provider'] = word.split(':')
      const title = handle.charAt(0).toUpperCase() + handle.slice(1)
      const url = `http://${options.host}:${port + i}`
      const peerAddress = `${options.host}:${peerPort + i}`
      return makeMember(folderOf(handle), { handle, name: title, roles: [role], url, peerAddress })
    })
    const trustingPeriodMs = days * DAY_MS
    foundNetwork({ directory: dir, folderOf, network: name, timeMs: Date.now(), trustingPeriodMs, members })
    const folders = members.map(({ handle }) => folderOf(handle))
    return {
      json: { genesis: join(dir, 'genesis.json'), members: members.map(({ id, handle }) => ({ id, handle })), folders },
      text: `start each member’s node: ${folders.map((folder) => `salus node start --dir ${folder}`).join('; ')}`,
    }
  },
)

interface JoinOptions {
  readonly dir: string
  readonly genesis: string
  readonly from: string
  readonly snapshot: boolean
}

export const networkJoin = defineCommand<JoinOptions>(
  (network) =>
    network
      .command('join')
      .description('prepare the folder of a new member to follow a running network')
      .requiredOption('--genesis <file>', 'the genesis file, from somebody whom you trust')
      .requiredOption('--from <files>', 'member.json of members to connect to')
      .option('--snapshot', 'begin from a snapshot of theirs, not from the first block; their nodes must run', false)
      .addHelpText(
        'after',
        '\nExample:\n  salus network join --dir northgate --genesis genesis.json --from riverside.json,lakeside.json',
      ),
  async ({ dir, genesis: genesisFile, from, snapshot }) => {
    const paths = pathsOf(dir)
    const member = readMemberFile(paths.member)
    if (existsSync(paths.genesis)) throw new SalusError('usage', `${dir} belongs to a network already`)
    const genesis = readGenesis(readText(genesisFile))
    if (genesis.engine.kind !== 'cometbft')
      throw new SalusError('usage', 'a network on an embedded ledger has one node')
    const others = from.split(',').map(readMemberFile)
    const peers = others.flatMap(({ consensus }) => consensus?.peer ?? [])
    const stateSync = snapshot ? await trustedStart(others, genesis) : null
    copyFileSync(genesisFile, paths.genesis)
    writePeers(paths.peers, { listen: listenFor(member), peers, stateSync })
    const id = toHex(genesis.ledgerId)
    return { json: { ledger: id, peers }, text: `${member.handle} follows ledger ${id} once its node starts` }
  },
)

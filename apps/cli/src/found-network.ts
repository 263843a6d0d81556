/**
 * Founding a network on CometBFT: one genesis file that names the first members and their validators, and what each
 * member's folder needs besides its own keys. Used by `salus network init` and by the demo.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, SalusError, writeGenesis } from '@salus/core'
import { genesisMember, type MemberFile, pathsOf } from './member-folder.ts'
import { writePeers } from './peers-file.ts'

export interface Founding {
  /** The network's folder; each founder's own is `folderOf(handle)`. */
  readonly directory: string
  readonly folderOf: (handle: string) => string
  readonly network: string
  /** The ledger begins at this time, milliseconds since 1970: no validator takes part whose clock is before it. */
  readonly timeMs: number
  readonly trustingPeriodMs: number
  readonly members: readonly MemberFile[]
}

/** Writes the genesis file and each founder's copy of it with its peers; returns the genesis file's text. */
export function foundNetwork({ directory, folderOf, network, timeMs, trustingPeriodMs, members }: Founding): string {
  const path = join(directory, 'genesis.json')
  if (existsSync(path)) throw new SalusError('usage', `${directory} holds a network already`)
  const genesis = writeGenesis({
    format: 'salus-genesis/1',
    network,
    timeMs,
    protocol: 1,
    engine: {
      kind: 'cometbft',
      trustingPeriodMs,
      validators: members.map((member) => ({
        memberId: member.id,
        publicKey: fromHex(consensusOf(member).publicKey),
      })),
    },
    members: members.map(genesisMember),
  })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const member of members) {
    const folder = folderOf(member.handle)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const paths = pathsOf(folder)
    if (!existsSync(paths.member)) writeFileSync(paths.member, `${JSON.stringify(member, null, 2)}\n`)
    writeFileSync(paths.genesis, genesis)
    writePeers(paths.peers, { listen: listenFor(member), peers: peersOf(member, members), stateSync: null })
  }
  writeFileSync(path, genesis, { flag: 'wx' })
  return genesis
}

/** All addresses of this machine, at the port by which peers find it. */
export function listenFor(member: MemberFile): string {
  const { peer } = consensusOf(member)
  return `tcp://0.0.0.0:${peer.slice(peer.lastIndexOf(':') + 1)}`
}

function peersOf(member: MemberFile, members: readonly MemberFile[]): string[] {
  return members.filter(({ id }) => id !== member.id).map((other) => consensusOf(other).peer)
}

function consensusOf({ handle, consensus }: MemberFile): NonNullable<MemberFile['consensus']> {
  if (consensus === null) throw new SalusError('usage', `${handle} has no consensus key: make the member with --peer`)
  return consensus
}

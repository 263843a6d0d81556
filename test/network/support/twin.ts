/**
 * A second node with the consensus key of a member, as after a restored backup that nobody should have started: it has
 * not seen what the first one signed, so the two sign different votes for the same height.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathsOf } from '../../../apps/cli/src/member-folder.ts'
import { writePeers } from '../../../apps/cli/src/peers-file.ts'
import { freePorts } from '../../support/ports.ts'
import { MemberProcess } from './member-process.ts'
import type { Network } from './network.ts'

/** Makes the twin of the member at `place`, which is not started yet; its peers are the other members. */
export async function makeTwin(network: Network, place: number): Promise<MemberProcess> {
  const original = network.member(place)
  const folder = join(network.folder, 'twin')
  mkdirSync(folder, { mode: 0o700 })
  const [from, to] = [pathsOf(original.folder), pathsOf(folder)]
  for (const name of ['keys', 'genesis'] as const) copyFileSync(from[name], to[name])
  const port = await freePorts(2)
  const member = { ...original.file, url: `http://127.0.0.1:${port}` }
  writeFileSync(to.member, JSON.stringify(member))
  const keys = JSON.parse(readFileSync(from.consensusKeys, 'utf8')) as object
  writeFileSync(to.consensusKeys, JSON.stringify({ ...keys, node: '42'.repeat(32) }), { mode: 0o600 })
  const peers = network.members.flatMap((other, i) => {
    const [id] = other.file.consensus?.peer.split('@') ?? []
    return i === place ? [] : [`${id}@127.0.0.1:${network.peerPorts[i]}`]
  })
  writePeers(to.peers, { listen: `tcp://127.0.0.1:${port + 1}`, peers, stateSync: null })
  return new MemberProcess(folder)
}

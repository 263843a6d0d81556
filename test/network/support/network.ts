/** A network of members on this machine, founded as the demo founds its own, each a process; between them, lines. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foundNetwork } from '../../../apps/cli/src/found-network.ts'
import { makeMember, pathsOf } from '../../../apps/cli/src/member-folder.ts'
import { writePeers } from '../../../apps/cli/src/peers-file.ts'
import { freePorts } from '../../support/ports.ts'
import { MemberProcess, type StartOptions } from './member-process.ts'
import { Wire } from './wires.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
/** Nobody listens here: an address that CometBFT tells its peers so that they keep to the lines. */
const NOWHERE = '127.0.0.1:1'

export interface NetworkOptions {
  /** The number of members, who all validate. */
  readonly count: number
  /** The place of the member whose folder is a disk of its own of so many bytes; it needs the right to mount. */
  readonly disk?: { readonly member: number; readonly bytes: number }
}

export class Network {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'salus-network-'))
  readonly members: MemberProcess[] = []
  /** The port on which the CometBFT of each member listens. */
  readonly peerPorts: number[] = []
  /** By the places of who connects and who is connected to. */
  readonly #wires = new Map<string, Wire>()
  #mounted: string | undefined

  /** Makes the folders; nothing runs yet. */
  static async found({ count, disk }: NetworkOptions): Promise<Network> {
    const network = new Network()
    const [first, firstPeer] = [await freePorts(count), await freePorts(count)]
    const handles = Array.from({ length: count }, (_, i) => `member-${i}`)
    const folderOf = (handle: string): string => join(network.folder, handle)
    if (disk) network.#mount(folderOf(handles[disk.member] as string), disk.bytes)
    const files = handles.map((handle, i) => {
      network.peerPorts.push(firstPeer + i)
      network.members.push(new MemberProcess(folderOf(handle)))
      const url = `http://127.0.0.1:${first + i}`
      return makeMember(folderOf(handle), { handle, name: handle, roles: ['provider'], url, peerAddress: NOWHERE })
    })
    // A validator whose clock is behind would wait for the ledger to begin.
    const timeMs = Date.now() - HOUR_MS
    const founding = { directory: network.folder, folderOf, network: 'test', timeMs, trustingPeriodMs: 30 * DAY_MS }
    foundNetwork({ ...founding, members: files })
    for (const i of handles.keys()) await network.#wire(i)
    return network
  }

  member(place: number): MemberProcess {
    return this.members[place] as MemberProcess
  }

  /** Starts all members and waits until each serves. */
  async start(options?: StartOptions): Promise<void> {
    await Promise.all(this.members.map((member) => member.start(options)))
  }

  /** Cuts every line between a member of `side` and one that is not. */
  partition(side: readonly number[]): void {
    for (const [name, wire] of this.#wires) {
      const [from, to] = name.split(' ').map(Number) as [number, number]
      if (side.includes(from) !== side.includes(to)) wire.cut()
    }
  }

  heal(isTorn: boolean): void {
    for (const wire of this.#wires.values()) wire.mend(isTorn)
  }

  /** Ends everything and removes the folder; after a failure it is kept, and what the members said is shown. */
  async close(passed: boolean): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()))
    for (const wire of this.#wires.values()) wire.close()
    if (!passed) {
      const said = this.members.map(({ folder, output }) => `${folder} said:\n${output.slice(-3000)}`)
      process.stderr.write(`\n${said.join('\n\n')}\n`)
      return
    }
    if (this.#mounted) execFileSync('umount', ['-l', this.#mounted])
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Lays a line to every other member, and has the member use no other way. */
  async #wire(place: number): Promise<void> {
    const peers = await Promise.all(
      this.members.flatMap(async (other, to) => {
        if (to === place) return []
        const wire = await Wire.to(this.peerPorts[to] as number)
        this.#wires.set(`${place} ${to}`, wire)
        const [id] = other.file.consensus?.peer.split('@') ?? []
        return [`${id}@127.0.0.1:${wire.port}`]
      }),
    )
    const listen = `tcp://127.0.0.1:${this.peerPorts[place]}`
    writePeers(pathsOf(this.member(place).folder).peers, { listen, peers: peers.flat(), stateSync: null })
  }

  #mount(folder: string, bytes: number): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
    this.#mounted = folder
  }
}

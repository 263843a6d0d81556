/**
 * The demo network: each member is a node with vault, keys and port of its own. The first start makes keys and genesis,
 * loads patients into Riverside and gives five of them wallets; a later start goes on where the last one stopped.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SalusError } from '@salus/core'
import type { Network } from '../network.ts'
import { startEmbedded } from './embedded.ts'
import { prepareFolders } from './folders.ts'
import { bundleNames, loadRiverside } from './load.ts'
import { demoMembers } from './members.ts'
import type { DemoOptions } from './options.ts'
import { findBusyPort } from './ports.ts'
import { startProcesses } from './processes.ts'
import { startDemoSite } from './site.ts'
import { demoStaff } from './staff.ts'
import { describeMembers } from './tokens.ts'

export interface RunningDemo {
  readonly url: string
  close(): Promise<void>
}

/** Starts the network; resolves when it is ready. @throws SalusError `port-taken`, and those of `prepareFolders` */
export async function runDemo(options: DemoOptions): Promise<RunningDemo> {
  const { host, port, bundles } = options
  if (bundles !== undefined) bundleNames(bundles)
  const busy = await findBusyPort(host, port, portsOf(options))
  if (busy !== undefined) throw new SalusError('port-taken', `port ${busy} is taken: choose others with --port`)
  const genesisText = prepareFolders(options)
  const members =
    options.engine === 'cometbft' ? await startProcesses(options) : await startEmbedded(options, genesisText)
  const network = await describe(options)
  const staff = await demoStaff(network)
  const page = await startDemoSite({ host, port, network, status: members.status, staff })
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      await page.close()
      await members.close()
    },
  }
}

/** The status page, one port for each node, and one for each validator. */
function portsOf({ engine }: DemoOptions): number {
  const members = demoMembers(engine).length
  return 1 + members + (engine === 'cometbft' ? members : 0)
}

/** Writes demo.json; loads Riverside first when that was never finished. */
async function describe(options: DemoOptions): Promise<Network> {
  const path = join(options.directory, 'demo.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Network
  const members = await describeMembers(options)
  const patients = await loadRiverside(options, members.riverside)
  const network: Network = {
    portal: `http://${options.host}:${options.port}`,
    genesis: join(options.directory, 'genesis.json'),
    members,
    patients,
  }
  writeFileSync(path, `${JSON.stringify(network, null, 2)}\n`, { mode: 0o600 })
  return network
}

/** The demo on one embedded ledger: every member's node in this process. */
import { join } from 'node:path'
import { toHex } from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'
import { type RunningNode, startNode } from '@salus/node'
import { pathsOf } from '../member-folder.ts'
import { portalFiles } from '../portal-files.ts'
import { engineKey, folderOf } from './folders.ts'
import { demoMembers } from './members.ts'
import type { DemoOptions, RunningMembers } from './options.ts'

/** Starts all nodes; resolves when they serve. */
export async function startEmbedded(options: DemoOptions, genesisText: string): Promise<RunningMembers> {
  const ledger = await openEmbeddedLedger({
    directory: join(options.directory, 'ledger'),
    genesis: genesisText,
    engineKey: engineKey(options),
  })
  const nodes: RunningNode[] = []
  for (const [i, member] of demoMembers(options.engine).entries()) {
    const paths = pathsOf(folderOf(options, member))
    const node = await startNode({
      handle: member.handle,
      directory: paths.node,
      keyFile: paths.keys,
      genesisText,
      ledger,
      consensusKey: null,
      host: options.host,
      portalFiles: portalFiles(),
      port: options.port + 1 + i,
    })
    nodes.push(node)
    process.stdout.write(`${member.handle}: ${node.url}\n`)
  }
  return {
    status: async () => figures(ledger),
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()))
      await ledger.close()
    },
  }
}

function figures(ledger: Ledger): Awaited<ReturnType<RunningMembers['status']>> {
  const { height, logSize, stateKeys, logRoot } = ledger.status()
  return { height, logSize, stateKeys, logRoot: toHex(logRoot) }
}

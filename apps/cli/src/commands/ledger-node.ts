/** Whose replica of the ledger a command looks at. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { pathsOf, readMemberFile } from '../member-folder.ts'
import { memberOf, type NetworkMember, readNetwork, readText } from '../network.ts'

export interface LedgerOptions {
  readonly dir: string
  readonly as?: string
}

export function withMember(command: Command): Command {
  return command.option('--as <member>', 'whose node to ask')
}

/**
 * The member whose node is asked, and the text of the genesis file: the member whose folder --dir is, or one of the
 * network in --dir, the first where none is named.
 */
export function ledgerNode(options: LedgerOptions): { member: Pick<NetworkMember, 'url'>; genesis: string } {
  const own = pathsOf(options.dir)
  if (options.as === undefined && existsSync(own.member)) {
    return { member: readMemberFile(own.member), genesis: readText(own.genesis) }
  }
  const network = readNetwork(options.dir)
  const key = options.as ?? Object.keys(network.members)[0] ?? ''
  return { member: memberOf(network, key), genesis: readText(network.genesis) }
}

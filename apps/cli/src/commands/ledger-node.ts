/** Whose replica of the ledger a command looks at. */
import type { Command } from 'commander'
import { memberOf, type NetworkMember, readNetwork, readText } from '../network.ts'

export interface LedgerOptions {
  readonly dir: string
  readonly as?: string
}

export function withMember(command: Command): Command {
  return command.option('--as <member>', 'whose node to ask')
}

/** The member whose node is asked, the first one where none is named, and the text of the genesis file. */
export function ledgerNode(options: LedgerOptions): { member: NetworkMember; genesis: string } {
  const network = readNetwork(options.dir)
  const key = options.as ?? Object.keys(network.members)[0] ?? ''
  return { member: memberOf(network, key), genesis: readText(network.genesis) }
}

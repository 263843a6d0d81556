/** The one list of contracts. A new contract is a folder and a line here. */
import { consent } from './consent/contract.ts'
import { disclosure } from './disclosure/contract.ts'
import type { CommandDefinition, Contract } from './kit.ts'
import { membership } from './membership/contract.ts'
import { record } from './record/contract.ts'

export const CONTRACTS: readonly Contract[] = [membership, consent, record, disclosure]

/** The version of the rules that this code speaks. Genesis and governance choose which one is in force. */
export const PROTOCOL_VERSION = 1

const COMMANDS = new Map<string, CommandDefinition>(
  CONTRACTS.flatMap((contract) => contract.commands.map((command) => [`${contract.name}/${command.name}`, command])),
)

/** The command of that name, or undefined. */
export function findCommand(contract: string, command: string): CommandDefinition | undefined {
  return COMMANDS.get(`${contract}/${command}`)
}

/** The rules that blocks are applied under, as the ledger needs them: the registry of contracts, or a test's own. */
import type { CommandDefinition, ReadableState, State } from '@salus/contracts'
import type { Genesis } from '@salus/core'

export interface Rules {
  /** The command of that name, or undefined. */
  findCommand(contract: string, command: string): CommandDefinition | undefined
  /** Writes the state that the genesis file says, at height 0. */
  start(state: State, genesis: Genesis): void
  /** The version of the rules in force for the block at `height`, from the state before it. */
  protocolAt(state: ReadableState, height: number): number
}

/** How commands are declared: commander parses, the command returns a result, one place prints and exits. */
import type { Command } from 'commander'
import { print, printError, type Result } from './output.ts'

/** Adds one command to the program. */
export type CommandDefinition = (program: Command) => void

/** Global options that every command has. */
interface Globals {
  readonly json: boolean
  readonly dir: string
}

/**
 * A command from its declaration and what it does. The command's own options and the global ones come as one object,
 * its arguments after it.
 */
export function defineCommand<Options, Values extends unknown[] = []>(
  declare: (program: Command) => Command,
  run: (options: Options & Globals, ...values: Values) => Promise<Result>,
): CommandDefinition {
  return (program) => {
    const command = declare(program)
    command.option('--json', 'print one JSON document and nothing else', false)
    command.option('--dir <folder>', 'state folder of the network', '.salus')
    command.action(async (...values: unknown[]) => {
      const own = values.pop() as Command
      values.pop()
      const options = own.optsWithGlobals() as Options & Globals
      try {
        print(await run(options, ...(values as Values)), options.json)
      } catch (error) {
        printError(error, options.json)
      }
    })
  }
}

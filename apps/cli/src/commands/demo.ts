/** `salus demo`: the demo network in the foreground (driving.md). */
import { resolve } from 'node:path'
import { SalusError } from '@salus/core'
import type { Command } from 'commander'
import { runDemo } from '../demo/run.ts'
import { EXIT, printError } from '../output.ts'
import { stopSignal } from '../signals.ts'

interface Options {
  readonly dir: string
  readonly port: number
  readonly engine: string
  readonly reset: boolean
  readonly bundles?: string
  readonly host: string
}

function port(value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1 || number > 65_000) throw new SalusError('usage', '--port takes a number')
  return number
}

/** The demo keeps running, so it prints as it goes and has no single result. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('start the demo network: three members, five patients, one ledger')
    .option('--dir <folder>', 'state folder; a stopped network goes on where it was', '.salus')
    .option('--port <number>', 'first port; the members use the ones that follow', port, 8080)
    .option('--engine <engine>', 'ledger engine', 'embedded')
    .option('--reset', 'start anew', false)
    .option('--bundles <folder>', 'load these FHIR bundles into Riverside instead of the synthetic patients')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addHelpText('after', '\nExample:\n  salus demo --dir .salus --port 8080')
    .action(async (options: Options) => {
      const stop = stopSignal()
      try {
        const { engine } = options
        if (engine !== 'embedded' && engine !== 'cometbft') {
          throw new SalusError('usage', '--engine is embedded or cometbft')
        }
        const bundles = options.bundles === undefined ? undefined : resolve(options.bundles)
        const started = runDemo({ ...options, engine, directory: options.dir, bundles })
        // A start that is stopped before it is ready leaves an unfinished folder, which the next start makes anew.
        const demo = await Promise.race([started, stop])
        if (demo === undefined) process.exit(EXIT.done)
        process.stdout.write(`ready ${demo.url}\n`)
        await stop
        await demo.close()
        process.exit(EXIT.done)
      } catch (error) {
        printError(error, false)
        process.exit()
      }
    })
}

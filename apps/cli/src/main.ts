/** The `salus` command: one line for each command, then commander does the rest. */
import { SalusError } from '@salus/core'
import { Command } from 'commander'
import { consentGrant, consentList, consentRevoke, consentShow } from './commands/consent.ts'
import { demoCommand } from './commands/demo.ts'
import { enrolCommand } from './commands/enrol.ts'
import { eraseCommand } from './commands/erase.ts'
import { fetchCommand } from './commands/fetch.ts'
import { importCommand } from './commands/import.ts'
import { ledgerAudit, ledgerCheckpoint, ledgerStatus } from './commands/ledger.ts'
import { ledgerInspect } from './commands/ledger-inspect.ts'
import { logCommand } from './commands/log.ts'
import { nodeInit, nodeStart, nodeStatus, nodeToken } from './commands/node.ts'
import { proofExport, verifyCommand } from './commands/proof.ts'
import { walletNew, walletRecover, walletShow } from './commands/wallet.ts'
import type { CommandDefinition } from './define.ts'
import { EXIT, printError } from './output.ts'

const COMMANDS: readonly CommandDefinition[] = [
  demoCommand,
  importCommand,
  enrolCommand,
  fetchCommand,
  logCommand,
  verifyCommand,
  eraseCommand,
]

const GROUPS: Readonly<Record<string, { readonly doc: string; readonly commands: readonly CommandDefinition[] }>> = {
  node: { doc: 'set up and run one member’s node', commands: [nodeInit, nodeStart, nodeStatus, nodeToken] },
  wallet: { doc: 'make, look at and recover a wallet', commands: [walletNew, walletShow, walletRecover] },
  consent: {
    doc: 'grant, list, show and revoke consents',
    commands: [consentGrant, consentList, consentShow, consentRevoke],
  },
  proof: { doc: 'evidence that travels', commands: [proofExport] },
  ledger: {
    doc: 'look at and audit the ledger',
    commands: [ledgerStatus, ledgerCheckpoint, ledgerInspect, ledgerAudit],
  },
}

const program = new Command('salus')
  .description('Salus: health records, consents and disclosures that everyone can prove and nobody owns')
  .exitOverride()
  .configureOutput({ outputError: () => undefined })
for (const add of COMMANDS) add(program)
for (const [name, group] of Object.entries(GROUPS)) {
  const parent = program.command(name).description(group.doc)
  for (const add of group.commands) add(parent)
}

try {
  await program.parseAsync()
} catch (error) {
  reportUsage(error)
}

/** Commander throws for help too, which is no error. */
function reportUsage(error: unknown): void {
  const { code, exitCode } = error as { code?: string; exitCode?: number }
  if (code === 'commander.help' || code === 'commander.helpDisplayed' || code === 'commander.version') {
    process.exitCode = exitCode === 0 ? EXIT.done : EXIT.usage
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  printError(new SalusError('usage', message), process.argv.includes('--json'))
  process.exitCode = EXIT.usage
}

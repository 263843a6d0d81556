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
import { ledgerWitness } from './commands/ledger-witness.ts'
import { logCommand } from './commands/log.ts'
import {
  memberAdmit,
  memberList,
  memberMove,
  memberProposals,
  memberReinstate,
  memberRotateKey,
  memberSuspend,
  memberUpgrade,
  memberValidate,
  memberVote,
} from './commands/member.ts'
import { memberNew, networkInit, networkJoin } from './commands/network.ts'
import { nodeInit, nodeResync, nodeStart, nodeStatus, nodeToken } from './commands/node.ts'
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

const GROUPS: Readonly<
  Record<string, { readonly doc: string; readonly example: string; readonly commands: readonly CommandDefinition[] }>
> = {
  node: {
    doc: 'set up and run one member’s node',
    example: 'salus node status --as riverside',
    commands: [nodeInit, nodeStart, nodeStatus, nodeToken, nodeResync],
  },
  member: {
    doc: 'members, votes and keys of the network',
    example: 'salus member list --as riverside',
    commands: [
      memberNew,
      memberList,
      memberProposals,
      memberAdmit,
      memberSuspend,
      memberReinstate,
      memberUpgrade,
      memberVote,
      memberRotateKey,
      memberMove,
      memberValidate,
    ],
  },
  network: {
    doc: 'found a network of several members, join one',
    example: 'salus network init --dir net --members riverside,lakeside,hilltop:pharmacy,northgate:regulator',
    commands: [networkInit, networkJoin],
  },
  wallet: {
    doc: 'make, look at and recover a wallet',
    example: 'salus wallet show --wallet .salus/wallets/1.json',
    commands: [walletNew, walletShow, walletRecover],
  },
  consent: {
    doc: 'grant, list, show and revoke consents',
    example: 'salus consent list --wallet .salus/wallets/1.json',
    commands: [consentGrant, consentList, consentShow, consentRevoke],
  },
  proof: {
    doc: 'evidence that travels',
    example: 'salus proof export --wallet .salus/wallets/1.json --disclosure ID --out proof.json',
    commands: [proofExport],
  },
  ledger: {
    doc: 'look at and audit the ledger',
    example: 'salus ledger status --as lakeside',
    commands: [ledgerStatus, ledgerCheckpoint, ledgerInspect, ledgerAudit, ledgerWitness],
  },
}

const program = new Command('salus')
  .description('Salus: health records, consents and disclosures that everyone can prove and nobody owns')
  .addHelpText('after', '\nExample:\n  salus demo')
  .exitOverride()
  .configureOutput({ outputError: () => undefined })
for (const add of COMMANDS) add(program)
for (const [name, group] of Object.entries(GROUPS)) {
  const parent = program.command(name).description(group.doc).addHelpText('after', `\nExample:\n  ${group.example}`)
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

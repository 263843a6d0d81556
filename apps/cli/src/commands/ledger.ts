/** `salus ledger`: status, checkpoint, and the audit that replays everything. */
import { join } from 'node:path'
import { readGenesis, toHex } from '@salus/core'
import { auditLedger } from '@salus/ledger'
import { openCheckpoint } from '@salus/proof'
import { sendForJson, sendForText } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { readNetwork, readText } from '../network.ts'
import { EXIT, harmless } from '../output.ts'
import { type LedgerOptions, ledgerNode, withMember } from './ledger-node.ts'

export const ledgerStatus = defineCommand<LedgerOptions>(
  (ledger) =>
    withMember(ledger.command('status'))
      .description('height, sizes, roots and lag of a node’s replica')
      .addHelpText('after', '\nExample:\n  salus ledger status --as lakeside'),
  async (options) => {
    const status = await sendForJson(`${ledgerNode(options).member.url}/ledger/status`)
    return { json: status, text: JSON.stringify(status, null, 2) }
  },
)

export const ledgerCheckpoint = defineCommand<LedgerOptions>(
  (ledger) =>
    withMember(ledger.command('checkpoint'))
      .description('the latest checkpoint, its signature checked against the genesis file')
      .addHelpText('after', '\nExample:\n  salus ledger checkpoint'),
  async (options) => {
    const { member, genesis } = ledgerNode(options)
    const note = await sendForText(`${member.url}/ledger/checkpoint`)
    const { logRoot, stateRoot, ...plain } = openCheckpoint(note, readGenesis(genesis))
    return {
      json: { note, ...plain, logRoot: toHex(logRoot), stateRoot: toHex(stateRoot) },
      text: harmless(note.trimEnd()),
    }
  },
)

export const ledgerAudit = defineCommand<LedgerOptions>(
  (ledger) =>
    withMember(ledger.command('audit'))
      .description('replay every block from genesis and compare every root and result')
      .addHelpText('after', '\nExample:\n  salus ledger audit'),
  async (options) => {
    const network = readNetwork(options.dir)
    const report = await auditLedger(join(options.dir, 'ledger'), readText(network.genesis))
    const exit = report.divergence === null ? EXIT.done : EXIT.invalid
    return { json: report, text: JSON.stringify(report, null, 2), exit }
  },
)

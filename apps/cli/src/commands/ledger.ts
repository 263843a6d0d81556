/** `salus ledger`: status, checkpoint, and the audit that replays everything. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readGenesis, toHex } from '@salus/core'
import { type AuditReport, auditLedger, auditPublishedLedger } from '@salus/ledger'
import { openCheckpoint } from '@salus/proof'
import { ledgerVerifierKey, PublishedLog, sendForJson, sendForText } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { EXIT, harmless } from '../output.ts'
import { type Progress, progress } from '../progress.ts'
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

interface CheckpointOptions extends LedgerOptions {
  readonly verifierKey?: boolean
}

export const ledgerCheckpoint = defineCommand<CheckpointOptions>(
  (ledger) =>
    withMember(ledger.command('checkpoint'))
      .description('the latest checkpoint, its signature checked against the genesis file')
      .option('--verifier-key', 'print the key that signs checkpoints, as note verifiers take it, and ask no node')
      .addHelpText('after', '\nExample:\n  salus ledger checkpoint'),
  async (options) => {
    const { member, genesis } = ledgerNode(options)
    if (options.verifierKey) {
      const verifierKey = ledgerVerifierKey(readGenesis(genesis))
      return { json: { verifierKey }, text: verifierKey }
    }
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
      .addHelpText('after', '\nExample:\n  salus ledger audit --as lakeside'),
  async (options) => {
    const report = await audit(options)
    const exit = report.divergence === null ? EXIT.done : EXIT.invalid
    return { json: report, text: JSON.stringify(report, null, 2), exit }
  },
)

/**
 * The ledger in the folder, unless a member is named or there is none; then what a node publishes. A replica that began
 * with a snapshot has no blocks before it, but its log has all there ever were: it is audited as its node publishes it.
 */
async function audit(options: LedgerOptions): Promise<AuditReport> {
  const folder = join(options.dir, 'ledger')
  const { member, genesis } = ledgerNode(options)
  if (options.as === undefined && existsSync(folder)) {
    const report = auditLedger(folder, genesis)
    const isFromSnapshot = report.blocks === 0 && report.divergence?.what === 'sequence'
    if (!isFromSnapshot) return report
  }
  const log = new PublishedLog(member.url)
  const shown: { bar?: Progress } = {}
  const published = { checkpoint: () => log.checkpoint(), resource: (path: string) => log.resource(path) }
  try {
    return await auditPublishedLedger(published, genesis, (bundles) => {
      shown.bar ??= progress('bundles of entries', bundles)
      shown.bar.increment()
    })
  } finally {
    shown.bar?.stop()
  }
}

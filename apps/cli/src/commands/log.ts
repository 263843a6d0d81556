/** `salus log`: every disclosure of the patient's files, checked against the ledger. */
import { writeFileSync } from 'node:fs'
import { type DisclosureEntry, fromHex, toHex } from '@salus/core'
import { type CheckedLog, disclosureName, type EntryStatus, readLog } from '@salus/sdk'
import pc from 'picocolors'
import { defineCommand } from '../define.ts'
import type { Network } from '../network.ts'
import { columns, EXIT, type Result } from '../output.ts'
import { clientFor, nameOf, openSession } from '../patient-session.ts'
import type { WalletOptions } from '../wallet-file.ts'

interface Options extends WalletOptions {
  readonly omissionOut?: string
}

/** One line of the log, as `--json` has it. */
interface Line {
  readonly id: string
  readonly when: string
  readonly custodian: string
  readonly member: string
  readonly practitioner: string | null
  readonly purpose: string
  readonly interaction: string
  readonly decision: 'permit' | 'deny'
  readonly reason: string
  readonly emergency: boolean
  readonly emergencyReason: string | null
  readonly what: DisclosureEntry['what']
  readonly file: string
  readonly consent: string | null
  readonly status: EntryStatus
}

export const logCommand = defineCommand<Options>(
  (program) =>
    program
      .command('log')
      .description("every disclosure of the patient's files, refused requests too; emergency access first")
      .requiredOption('--wallet <file>', "the patient's wallet file")
      .option('--passphrase-file <file>', 'file that holds the passphrase')
      .option('--omission-out <file>', 'where to write the proof when a custodian hides a disclosure')
      .addHelpText('after', '\nExample:\n  salus log --wallet me.json --json'),
  async (options) => {
    const { network, genesisText, file } = await openSession(options)
    const nodes = Object.values(network.members).map(({ url }) => url)
    const lines: Line[] = []
    const problems: { file: string; custodian: string; problems: readonly string[]; shown: number; counted: number }[] =
      []
    let omission: string | null = null
    for (const { custodian, fileId } of file.wallet.state.enrolments) {
      const client = clientFor(file.wallet, custodian)
      const log = await readLog(client, fromHex(fileId), fileId, genesisText, nodes)
      lines.push(...toLines(log, network))
      if (!log.complete) {
        const { shown, counted } = log
        problems.push({ file: fileId, custodian: nameOf(network, custodian), problems: log.problems, shown, counted })
      }
      omission ??= log.omission
    }
    if (omission !== null && options.omissionOut !== undefined) writeFileSync(options.omissionOut, omission)
    return present(lines, problems, omission !== null)
  },
)

function toLines(log: CheckedLog, network: Network): Line[] {
  return log.entries.map(({ entry, status }) => ({
    id: disclosureName(entry),
    when: new Date(entry.timeMs).toISOString(),
    custodian: nameOf(network, entry.custodian),
    member: nameOf(network, entry.requester),
    practitioner: entry.practitioner,
    purpose: entry.purpose,
    interaction: entry.interaction,
    decision: entry.decision,
    reason: entry.reason,
    emergency: entry.emergency !== null,
    emergencyReason: entry.emergency,
    what: entry.what,
    file: toHex(entry.fileId),
    consent: entry.consents[0] === undefined ? null : toHex(entry.consents[0]),
    status,
  }))
}

/** Emergency access stands first, then the newest. */
function inOrder(a: Line, b: Line): number {
  if (a.emergency !== b.emergency) return a.emergency ? -1 : 1
  return b.when.localeCompare(a.when)
}

function present(
  lines: Line[],
  problems: readonly { custodian: string; shown: number; counted: number }[],
  provable: boolean,
): Result {
  const disclosures = lines.sort(inOrder)
  const complete = problems.length === 0
  return {
    json: { disclosures, complete, ...(complete ? {} : { problems, omissionProvable: provable }) },
    text: [
      columns(disclosures.map(row)),
      ...problems.map(({ custodian, shown, counted }) =>
        pc.red(`INCOMPLETE: ${custodian} shows ${shown} disclosures, the ledger counts ${counted}`),
      ),
      complete ? pc.green(`complete: ${disclosures.length} disclosures, as many as the ledger counts`) : '',
    ]
      .filter((line) => line !== '')
      .join('\n'),
    exit: complete ? EXIT.done : EXIT.invalid,
  }
}

function row(line: Line): string[] {
  const what = line.what.map(({ type, count }) => `${count} ${type}`).join(', ')
  return [
    line.when,
    line.emergency ? 'EMERGENCY' : line.decision,
    line.member,
    line.practitioner ?? '-',
    line.purpose,
    what === '' ? line.reason : what,
    line.status,
    line.id,
  ]
}

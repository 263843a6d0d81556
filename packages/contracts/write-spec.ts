/**
 * Writes docs/spec/contracts.md from the definitions of the contracts: `node packages/contracts/write-spec.ts`.
 * A test keeps the committed page current.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHAIN_DOMAIN, type Schema } from '@salus/core'
import { CONTRACTS, type CommandDefinition, type Contract, type TableDefinition } from './src/index.ts'

export const SPEC_FILE: string = join(import.meta.dirname, '../../docs/spec/contracts.md')

const INTRODUCTION = `# Contracts

Written by \`packages/contracts/write-spec.ts\` from the definitions; edit those.

A contract is a set of commands over tables of its own. The commands of a transaction are applied in order, together or
not at all: when one is refused, the transaction leaves nothing but the code of the refusal in the log. A command sees
its arguments, the state as the commands before it left it, the key that signed, the height of the block and its time.

Arguments and rows are structures in deterministic CBOR: arrays of their fields in the order given here. The key of a
row is the CBOR array of the contract, the table and the parts of the key. Times are in milliseconds since 1970, of the
block. The length of a text is in UTF-16 code units. A value of several kinds is an array of the kind's name and the
value under that kind.

The ledger holds no personal data: identifiers of files and consents are random, and what they stand for is a salted
commitment. The arguments that bring roots are the batches of \`FileBatch\`: a file, the number of new items, the
RFC 9162 root over their commitments, and how many of them were emergencies. The head of a file's chain becomes
SHA-256 of the chain's domain tag, a zero byte, the head before (32 zero bytes at first), the number of items in eight
bytes, big-endian, and the root. The tag is \`${CHAIN_DOMAIN.record}\` for versions, and
\`${CHAIN_DOMAIN.disclosure}\` for disclosures and receipts.
`

/** The page. */
export function contractsPage(): string {
  return `${[INTRODUCTION, ...CONTRACTS.map(contractSection)].join('\n')}`
}

function contractSection(contract: Contract): string {
  const tables = contract.tables.map((table) => tableSection(contract, table))
  const commands = contract.commands.map((command) => commandSection(contract, command))
  return [`## ${contract.name}`, '', contract.doc, '', ...tables, ...commands].join('\n')
}

function tableSection({ name }: Contract, table: TableDefinition): string {
  const path = [name, table.name, ...table.about.key.map((part) => `{${part}}`)].join('/')
  return [`### Table \`${path}\``, '', table.about.doc, '', fieldTable(table.row), ''].join('\n')
}

function commandSection({ name }: Contract, command: CommandDefinition): string {
  const refusals = Object.entries(command.refusals).map(([code, meaning]) => [`\`${code}\``, meaning])
  return [
    `### Command \`${name}/${command.name}\``,
    '',
    command.doc,
    '',
    fieldTable(command.args),
    '',
    markdownTable(['refused with', 'when'], refusals),
    '',
  ].join('\n')
}

function fieldTable(schema: Schema<unknown>): string {
  if (!('fields' in schema)) return `A list of ${schema.expected}.`
  const fields = schema.fields as Record<string, Schema<unknown>>
  return markdownTable(
    ['field', 'type and bounds'],
    Object.entries(fields).map(([name, field]) => [`\`${name}\``, field.expected]),
  )
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) writeFileSync(SPEC_FILE, contractsPage())

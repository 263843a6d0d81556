/** `salus ledger`: status, checkpoint, a state key with its proof, and the audit that replays everything. */
import { join } from 'node:path'
import { type Cbor, decodeCbor, fromHex, readGenesis, SalusError, stateKey, toBase64url, toHex } from '@salus/core'
import { auditLedger } from '@salus/ledger'
import { openCheckpoint, openProofFile, readProofFile } from '@salus/proof'
import { sendForJson, sendForText } from '@salus/sdk'
import type { Command } from 'commander'
import { defineCommand } from '../define.ts'
import { memberOf, type NetworkMember, readNetwork, readText } from '../network.ts'
import { EXIT } from '../output.ts'

interface Options {
  readonly dir: string
  readonly as?: string
}

function withMember(command: Command): Command {
  return command.option('--as <member>', 'whose node to ask')
}

function nodeOf(options: Options): { member: NetworkMember; genesis: string } {
  const network = readNetwork(options.dir)
  const key = options.as ?? Object.keys(network.members)[0] ?? ''
  return { member: memberOf(network, key), genesis: readText(network.genesis) }
}

export const ledgerStatus = defineCommand<Options>(
  (ledger) =>
    withMember(ledger.command('status'))
      .description('height, sizes, roots and lag of a node’s replica')
      .addHelpText('after', '\nExample:\n  salus ledger status --as lakeside'),
  async (options) => {
    const status = await sendForJson(`${nodeOf(options).member.url}/ledger/status`)
    return { json: status, text: JSON.stringify(status, null, 2) }
  },
)

export const ledgerCheckpoint = defineCommand<Options>(
  (ledger) =>
    withMember(ledger.command('checkpoint'))
      .description('the latest checkpoint, its signature checked against the genesis file')
      .addHelpText('after', '\nExample:\n  salus ledger checkpoint'),
  async (options) => {
    const { member, genesis } = nodeOf(options)
    const note = await sendForText(`${member.url}/ledger/checkpoint`)
    const { logRoot, stateRoot, ...plain } = openCheckpoint(note, readGenesis(genesis))
    return { json: { note, ...plain, logRoot: toHex(logRoot), stateRoot: toHex(stateRoot) }, text: note.trimEnd() }
  },
)

export const ledgerInspect = defineCommand<Options, [contract: string, table: string, key: readonly string[]]>(
  (ledger) =>
    withMember(ledger.command('inspect <contract> <table> [key...]'))
      .description('one row of state with its proof, checked; parts of the key in hexadecimal, or text:…')
      .addHelpText('after', '\nExample:\n  salus ledger inspect record file 00112233445566778899aabbccddeeff'),
  async (options, contract: string, table: string, key: readonly string[]) => {
    const { member, genesis } = nodeOf(options)
    const parts = key.map(keyPart)
    const text = await sendForText(`${member.url}/ledger/proof/state/${toBase64url(stateKey(contract, table, parts))}`)
    const { claim, checkpoint } = openProofFile(text, genesis)
    const file = readProofFile(text)
    const value = file.kind === 'state' ? file.proof.value : null
    const row = value === null ? null : readable(decodeCbor(value))
    return {
      json: { claim, row, checkpoint },
      text: JSON.stringify({ claim, row, checkpoint }, null, 2),
      ...(row === null ? { exit: EXIT.notFound } : {}),
    }
  },
)

function keyPart(part: string): Cbor {
  if (part.startsWith('text:')) return part.slice('text:'.length)
  // Members are named by text that looks like hexadecimal; files and consents by bytes.
  return fromHex(part)
}

function readable(value: Cbor): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  return Array.isArray(value) ? value.map(readable) : value
}

export const ledgerAudit = defineCommand<Options>(
  (ledger) =>
    withMember(ledger.command('audit'))
      .description('replay every block from genesis and compare every root and result')
      .addHelpText('after', '\nExample:\n  salus ledger audit'),
  async (options) => {
    const network = readNetwork(options.dir)
    const report = await auditLedger(join(options.dir, 'ledger'), readText(network.genesis))
    if (report === undefined) throw new SalusError('not-found', 'there is no ledger here')
    return { json: report, text: JSON.stringify(report, null, 2) }
  },
)

/** `salus ledger inspect`: the latest transactions, or one row of state, each with its proof checked here. */
import {
  type Cbor,
  decodeCbor,
  fromBase64url,
  fromHex,
  parseTransaction,
  readGenesis,
  SalusError,
  stateKey,
  toBase64url,
  toHex,
} from '@salus/core'
import { openProofFile, readProofFile, verifyLogProof } from '@salus/proof'
import { parseAnswer, sendForJson, sendForText } from '@salus/sdk'
import { z } from 'zod'
import { defineCommand } from '../define.ts'
import { columns, EXIT, type Result } from '../output.ts'
import { type LedgerOptions, ledgerNode, withMember } from './ledger-node.ts'

export const ledgerInspect = defineCommand<
  LedgerOptions,
  [contract: string | undefined, table: string | undefined, key: readonly string[]]
>(
  (ledger) =>
    withMember(ledger.command('inspect [contract] [table] [key...]'))
      .description(
        'the latest transactions; or one row of state with its proof, checked: parts of its key in hexadecimal or as text:…',
      )
      .addHelpText('after', '\nExample:\n  salus ledger inspect record file 00112233445566778899aabbccddeeff'),
  async (options, contract, table, key) => {
    const { member, genesis } = ledgerNode(options)
    if (contract === undefined) return inspectLatest(member.url, genesis)
    if (table === undefined) throw new SalusError('usage', 'name the table, and the parts of the key')
    return inspectRow(member.url, genesis, stateKey(contract, table, key.map(keyPart)))
  },
)

async function inspectRow(url: string, genesis: string, key: Uint8Array): Promise<Result> {
  const text = await sendForText(`${url}/ledger/proof/state/${toBase64url(key)}`)
  const { claim, checkpoint } = openProofFile(text, genesis)
  const file = readProofFile(text)
  const value = file.kind === 'state' ? file.proof.value : null
  const row = value === null ? null : readable(decodeCbor(value))
  const json = { claim, row, checkpoint }
  return { json, text: JSON.stringify(json, null, 2), exit: row === null ? EXIT.notFound : EXIT.done }
}

/** How many transactions `inspect` shows. */
const LATEST = 20

const Status = z.object({ logSize: z.number().int().min(0) })
const Entry = z.object({
  index: z.number().int(),
  entry: z.string(),
  path: z.array(z.string()),
  checkpoint: z.string(),
})

/** The latest transactions, newest first; each is checked to be in the log of a signed checkpoint. */
async function inspectLatest(url: string, genesisText: string): Promise<Result> {
  const genesis = readGenesis(genesisText)
  const { logSize } = parseAnswer(Status, await sendForJson(`${url}/ledger/status`))
  const transactions = []
  for (let index = logSize - 1; index >= Math.max(0, logSize - LATEST); index--) {
    const answer = parseAnswer(Entry, await sendForJson(`${url}/ledger/proof/entry/${index}`))
    const proof = { ...answer, entry: fromBase64url(answer.entry), path: answer.path.map(fromHex) }
    const { entry } = verifyLogProof(proof, genesis)
    const { id, body } = parseTransaction(entry.transaction)
    transactions.push({
      index,
      height: entry.height,
      time: new Date(entry.timeMs).toISOString(),
      id: toHex(id),
      commands: body.commands.map(({ contract, command }) => `${contract}/${command}`),
      code: entry.code,
    })
  }
  const lines = transactions.map(({ index, height, time, commands, code }) => [
    String(index),
    String(height),
    time,
    code ?? 'applied',
    summarize(commands),
  ])
  return { json: { transactions }, text: columns([['index', 'height', 'time', 'result', 'commands'], ...lines]) }
}

function summarize(commands: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const command of commands) counts.set(command, (counts.get(command) ?? 0) + 1)
  return [...counts].map(([command, count]) => (count === 1 ? command : `${count} ${command}`)).join(', ')
}

function keyPart(part: string): Cbor {
  if (part.startsWith('text:')) return part.slice('text:'.length)
  // Members are named by text that looks like hexadecimal; files and consents by bytes.
  return fromHex(part)
}

function readable(value: Cbor): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  return Array.isArray(value) ? value.map(readable) : value
}

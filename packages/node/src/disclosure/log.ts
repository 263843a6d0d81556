/**
 * The disclosure log as a patient's wallet gets it: the entries of one file, the batches that the ledger committed,
 * and the custodian's signed statement that these are all. Entries beyond what the ledger counts are still waiting.
 */
import {
  CHAIN_DOMAIN,
  CHAIN_START,
  DisclosureRow,
  decode,
  encode,
  fromHex,
  LogStatement,
  logStatementDigest,
  nextChainHead,
  type Signer,
  stateKey,
} from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { batchesOfFile } from './batches.ts'
import { type Journal, LOG_PAGE_MAX } from './journal.ts'

/** `entries` are encoded `DisclosureEntry`s in order of sequence; `batches` all committed ones in order. */
export interface DisclosureLog {
  readonly entries: readonly Uint8Array[]
  readonly batches: readonly { readonly count: number; readonly root: Uint8Array }[]
  readonly statement: Uint8Array
  readonly signature: Uint8Array
}

export interface LogParts {
  readonly journal: Journal
  readonly ledger: Ledger
  readonly custodian: string
  readonly sign: Signer
}

/** The log of `fileId` after `sequence`, at most `LOG_PAGE_MAX` entries of it. */
export async function disclosureLog(parts: LogParts, fileId: string, after: number): Promise<DisclosureLog> {
  // Row and height are read in the same turn, so that they belong to the same block.
  const status = parts.ledger.status()
  const value = parts.ledger.get(stateKey('disclosure', 'file', [fromHex(fileId)]))
  const counted = value === undefined ? 0 : decode(DisclosureRow, value).entries
  const rows = await parts.journal.read(fileId, after, LOG_PAGE_MAX)
  const batches = await committedBatches(parts.journal, fileId, counted)
  const shown = batches.reduce((sum, batch) => sum + batch.count, 0)
  const head = batches.reduce((at, batch) => nextChainHead(CHAIN_DOMAIN.disclosure, at, batch), CHAIN_START)
  const statement: LogStatement = {
    ledgerId: status.ledgerId,
    custodian: parts.custodian,
    fileId: fromHex(fileId),
    entries: shown,
    head,
    timeMs: status.timeMs,
    height: status.height,
  }
  return {
    entries: rows.map((row) => new Uint8Array(row.entry)),
    batches,
    statement: encode(LogStatement, statement),
    signature: await parts.sign.sign(logStatementDigest(statement)),
  }
}

/**
 * The batches of a file, oldest first, as far as the ledger counts their entries. Each is counted by the entries that
 * the journal still has, so that the statement says what is shown, not what should be.
 */
async function committedBatches(journal: Journal, fileId: string, counted: number): Promise<DisclosureLog['batches']> {
  const batches: { count: number; root: Uint8Array }[] = []
  let sum = 0
  for (const { count, shown, root } of await batchesOfFile(await journal.settled(), fileId)) {
    if (sum + count > counted) break
    sum += count
    batches.push({ count: shown, root: new Uint8Array(root) })
  }
  return batches
}

/** The evidence of one committed item, as proof files carry it: its batch, its transaction, its place in the log. */

import type { Genesis } from '@salus/core'
import { decode, equalBytes, LogEntry, parseTransaction, SalusError, stateKey } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { type BatchItem, inclusionPath, withoutWitnesses } from '@salus/proof'
import type { Queries } from '../db/database.ts'
import { batchCommitments, batchOf } from '../disclosure/batches.ts'
import type { Journal } from '../disclosure/journal.ts'

export interface EvidenceParts {
  /** Reads the node's database. */
  readonly read: Queries
  readonly journal: Journal
  readonly ledger: Ledger
  readonly genesis: Genesis
}

/** Where a committed batch stands. */
interface Place {
  readonly command: number
  readonly file: number
  readonly log_index: number | null
}

/**
 * The evidence of the record version with this commitment (32 bytes).
 * @throws SalusError `commitment-unknown`, `not-committed-yet`
 */
export async function versionEvidence(parts: EvidenceParts, commitment: Uint8Array): Promise<BatchItem> {
  const item = await parts.read.get<{ seq: number; file_id: string }>(
    'SELECT seq, file_id FROM outbox_item WHERE commitment = ?',
    [commitment],
  )
  if (item === undefined) throw new SalusError('commitment-unknown', 'nothing with this commitment waits here')
  const journal = await parts.journal.settled()
  const batch = await journal.get<Place & { first: number; last: number }>(
    `SELECT b.command AS command, b.file AS file, s.log_index AS log_index, b.first AS first, b.last AS last
     FROM outbox_batch b JOIN outbox_sealed s ON s.sealed = b.sealed
     WHERE b.file_id = ? AND b.kind = 'record' AND b.first <= ? ORDER BY b.first DESC LIMIT 1`,
    [item.file_id, item.seq],
  )
  if (batch === undefined || batch.last < item.seq) throw notCommittedYet()
  const items = await parts.read.all<{ seq: number; commitment: Uint8Array }>(
    'SELECT seq, commitment FROM outbox_item WHERE seq BETWEEN ? AND ? AND file_id = ? ORDER BY seq',
    [batch.first, batch.last, item.file_id],
  )
  const commitments = items.map((row) => new Uint8Array(row.commitment))
  const index = items.findIndex(({ seq }) => seq === item.seq)
  return evidence(parts, batch, commitments, index)
}

/**
 * The evidence of the disclosure at this place of a file's log.
 * @throws SalusError `not-committed-yet`
 */
export async function disclosureEvidence(parts: EvidenceParts, fileId: string, sequence: number): Promise<BatchItem> {
  const journal = await parts.journal.settled()
  const batch = await batchOf(journal, fileId, sequence)
  if (batch === undefined) throw notCommittedYet()
  const place = await journal.get<Place>(
    `SELECT b.command AS command, b.file AS file, s.log_index AS log_index
     FROM outbox_batch b JOIN outbox_sealed s ON s.sealed = b.sealed WHERE b.kind = 'disclosure' AND b.last = ?`,
    [batch.batch],
  )
  if (place === undefined) throw notCommittedYet()
  const commitments = await batchCommitments(journal, batch)
  return evidence(parts, place, commitments, sequence - batch.firstSequence)
}

async function evidence(
  parts: EvidenceParts,
  place: Place,
  commitments: readonly Uint8Array[],
  index: number,
): Promise<BatchItem> {
  if (place.log_index === null) throw notCommittedYet()
  const log = await parts.ledger.proveEntry(place.log_index)
  return {
    batch: { command: place.command, file: place.file, index, path: inclusionPath(commitments, index) },
    log: { entry: log.entry, index: log.index, path: log.path },
    checkpoint: withoutWitnesses(log.checkpoint, parts.genesis),
    signer: await signerEvidence(parts, log.entry),
  }
}

function notCommittedYet(): SalusError {
  return new SalusError('not-committed-yet', 'the ledger has not committed this yet')
}

/** A proof of whose key signed, where that key does not stand in the genesis. */
async function signerEvidence(parts: EvidenceParts, entry: Uint8Array): Promise<BatchItem['signer']> {
  const { signer } = parseTransaction(decode(LogEntry, entry).transaction).body
  if (parts.genesis.members.some(({ signingKey }) => equalBytes(signingKey, signer.bytes))) return null
  const proof = await parts.ledger.proveState(stateKey('membership', 'key', [signer.bytes]))
  return { ...proof, checkpoint: withoutWitnesses(proof.checkpoint, parts.genesis) }
}

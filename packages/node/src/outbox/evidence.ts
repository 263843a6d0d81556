/** The evidence of one committed item, as proof files carry it: its batch, its transaction, its place in the log. */

import type { Genesis } from '@salus/core'
import { decode, equalBytes, LogEntry, parseTransaction, SalusError, stateKey } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { type BatchItem, inclusionPath, withoutWitnesses } from '@salus/proof'
import type { Queries } from '../db/database.ts'

interface Placed {
  readonly batch: number
  readonly position: number
  readonly command: number
  readonly file: number
  readonly log_index: number | null
}

export interface EvidenceParts {
  readonly read: Queries
  readonly ledger: Ledger
  readonly genesis: Genesis
}

/**
 * The evidence of the item with this commitment (32 bytes).
 * @throws SalusError `commitment-unknown`, `not-committed-yet`
 */
export async function itemEvidence(parts: EvidenceParts, commitment: Uint8Array): Promise<BatchItem> {
  const placed = await parts.read.get<Placed>(
    `SELECT i.batch AS batch, i.position AS position, b.command AS command, b.file AS file, s.log_index AS log_index
     FROM outbox_item i
     LEFT JOIN outbox_batch b ON b.batch = i.batch
     LEFT JOIN outbox_sealed s ON s.sealed = b.sealed
     WHERE i.commitment = ?`,
    [commitment],
  )
  if (placed === undefined) throw new SalusError('commitment-unknown', 'nothing with this commitment waits here')
  if (placed.log_index === null) throw new SalusError('not-committed-yet', 'the ledger has not committed this yet')
  const rows = await parts.read.all<{ commitment: Uint8Array }>(
    'SELECT commitment FROM outbox_item WHERE batch = ? ORDER BY position',
    [placed.batch],
  )
  const commitments = rows.map((row) => new Uint8Array(row.commitment))
  const log = parts.ledger.proveEntry(placed.log_index)
  return {
    batch: {
      command: placed.command,
      file: placed.file,
      index: placed.position,
      path: inclusionPath(commitments, placed.position),
    },
    log: { entry: log.entry, index: log.index, path: log.path },
    checkpoint: withoutWitnesses(log.checkpoint, parts.genesis),
    signer: signerEvidence(parts, log.entry),
  }
}

/** A proof of whose key signed, where that key does not stand in the genesis. */
function signerEvidence(parts: EvidenceParts, entry: Uint8Array): BatchItem['signer'] {
  const { signer } = parseTransaction(decode(LogEntry, entry).transaction).body
  if (parts.genesis.members.some(({ signingKey }) => equalBytes(signingKey, signer.bytes))) return null
  const proof = parts.ledger.proveState(stateKey('membership', 'key', [signer.bytes]))
  return { ...proof, checkpoint: withoutWitnesses(proof.checkpoint, parts.genesis) }
}

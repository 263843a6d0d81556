/**
 * One item of a file's batch, as a member committed it: the item in the batch, the batch in a command, the command in
 * a signed transaction, the transaction in the log, the log under a checkpoint, and the signer's key at a member.
 */
import {
  type Checkpoint,
  equalBytes,
  type FileBatch,
  FileBatches,
  type Genesis,
  json,
  KeyRow,
  type LogEntry,
  type PublicKey,
  parseTransaction,
  SalusError,
  type ShapeOf,
  stateKey,
  type Transaction,
  toHex,
  verifySignature,
} from '@salus/core'
import { openBareCheckpoint } from './checkpoint.ts'
import type { StateProof } from './evidence.ts'
import { verifyLogEntry } from './log.ts'
import { merkleLeafHash, verifyInclusion } from './merkle.ts'
import { provenRow } from './rows.ts'
import { AuditPath, LogPlace, Note, StateProofShape } from './shapes.ts'

/**
 * `batch` says where the item stands: the command in the transaction, the file in the command's arguments, the item
 * in the file's tree. `signer` proves the row of `membership/key` that says whose key signed, now or once; null when
 * that key stands in the genesis.
 */
export const batchItemFields = {
  batch: json.object({ command: json.uint(), file: json.uint(), index: json.uint(), path: AuditPath }),
  log: LogPlace,
  checkpoint: Note,
  signer: json.nullable(StateProofShape),
}
const BatchItem = json.object(batchItemFields)
export type BatchItem = ShapeOf<typeof BatchItem>

/** What a verified item stands in; `memberId` is the member that signed. */
export interface Anchor {
  readonly file: FileBatch
  readonly memberId: string
  readonly entry: LogEntry
  readonly checkpoint: Checkpoint
}

/**
 * Checks that `commitment` (32 bytes) is an item that `contract/command` committed.
 * @throws SalusError `transaction-refused`, `transaction-ledger`, `signature-invalid`, `command-mismatch`,
 *   `signer-unknown`, `merkle-inclusion`, and those of log proofs, state proofs and decoding
 */
export function verifyBatchItem(
  item: BatchItem,
  commitment: Uint8Array,
  [contract, command]: readonly [contract: string, command: string],
  genesis: Genesis,
): Anchor {
  const checkpoint = openBareCheckpoint(item.checkpoint, genesis)
  const entry = verifyLogEntry(item.log, checkpoint)
  if (entry.code !== null) {
    throw new SalusError('transaction-refused', 'the ledger refused this transaction', { code: entry.code })
  }
  const transaction = parseTransaction(entry.transaction)
  verifyTransaction(transaction, genesis)
  const called = transaction.body.commands[item.batch.command]
  if (!called || called.contract !== contract || called.command !== command) {
    throw new SalusError('command-mismatch', `the transaction has no command ${contract}/${command} in this place`)
  }
  const file = FileBatches.parse(called.args).files[item.batch.file]
  if (!file) throw new SalusError('command-mismatch', 'the command has no file in this place')
  verifyInclusion(merkleLeafHash(commitment), item.batch.index, file.count, item.batch.path, file.root)
  return { file, memberId: memberOf(transaction.body.signer, item.signer, genesis), entry, checkpoint }
}

function verifyTransaction({ id, body, signature }: Transaction, genesis: Genesis): void {
  if (!equalBytes(body.ledgerId, genesis.ledgerId)) {
    throw new SalusError('transaction-ledger', 'the transaction belongs to another ledger', {
      found: toHex(body.ledgerId),
    })
  }
  if (!verifySignature(body.signer, id, signature)) {
    throw new SalusError('signature-invalid', 'the signature of the transaction does not hold', {
      transaction: toHex(id),
      signer: toHex(body.signer.bytes),
    })
  }
}

/** The member whose signing key is, or was, `signer`: by its proven row, or by the genesis. */
function memberOf(signer: PublicKey, proof: StateProof | null, genesis: Genesis): string {
  const id =
    signer.scheme !== 'ed25519'
      ? undefined
      : proof
        ? provenRow(KeyRow, stateKey('membership', 'key', [signer.bytes]), proof, genesis).row.memberId
        : genesis.members.find(({ signingKey }) => equalBytes(signingKey, signer.bytes))?.id
  if (id === undefined) {
    throw new SalusError('signer-unknown', 'the signer is not shown to be a member', { signer: toHex(signer.bytes) })
  }
  return id
}

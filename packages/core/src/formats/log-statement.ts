/**
 * What a custodian signs whenever it shows a patient the disclosure log of a file (docs/spec/disclosure.md): "of all
 * entries of this file that the ledger had committed, these are the ones". Should the ledger count more, or chain to
 * another head, the statement itself is the evidence of the omission.
 */
import { DOMAIN, domainHash, HASH_BYTES } from '../hash.ts'
import { bytes, encode, type Infer, struct, uint } from '../schema.ts'
import { FileId, MemberId } from './disclosure-entry.ts'

/**
 * `entries` counts the committed entries that were shown, `head` is the head of their chain (`nextChainHead` over
 * their batches). The statement covers all that the ledger committed up to `height`, whose block time is `timeMs`.
 */
export const LogStatement = struct({
  ledgerId: bytes(HASH_BYTES),
  custodian: MemberId,
  fileId: FileId,
  entries: uint(),
  head: bytes(HASH_BYTES),
  timeMs: uint(),
  height: uint(),
})
export type LogStatement = Infer<typeof LogStatement>

/** What the custodian's signing key signs: 32 bytes. */
export function logStatementDigest(statement: LogStatement): Uint8Array {
  return domainHash(DOMAIN.logStatement, encode(LogStatement, statement))
}

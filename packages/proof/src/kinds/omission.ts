/**
 * "This custodian signed a disclosure log that leaves out what the ledger counts" (docs/spec/disclosure.md). The
 * custodian's statement is held against the ledger's own count of the file.
 */
import {
  bytes,
  DisclosureRow,
  decode,
  ed25519Verify,
  equalBytes,
  FileRow,
  type Genesis,
  json,
  KeyRow,
  LogStatement,
  logStatementDigest,
  oneOf,
  SalusError,
  type ShapeOf,
  stateKey,
  struct,
  toHex,
} from '@salus/core'
import { isoTime } from '../claim.ts'
import { provenRow } from '../rows.ts'
import { FORMAT, StateProofShape } from '../shapes.ts'
import type { Kind } from './kind.ts'

const STATEMENT_BYTES_MAX = 256

/** The key of a row of `membership/key`. */
const SignerKey = struct({ contract: oneOf('membership'), table: oneOf('key'), signingKey: bytes(32) })

/** Proofs of `membership/key/{signer}`, `record/file/{fileId}` and `disclosure/file/{fileId}`. */
const shape = json.object({
  format: FORMAT,
  kind: json.literal('omission'),
  statement: json.base64url(STATEMENT_BYTES_MAX),
  signature: json.hex(64),
  signer: StateProofShape,
  file: StateProofShape,
  disclosures: StateProofShape,
})
export type OmissionProof = ShapeOf<typeof shape>

export interface OmissionClaim {
  readonly kind: 'omission'
  readonly custodian: string
  readonly fileId: string
  /** Entries that the custodian's statement shows, and that the ledger counts. */
  readonly shown: number
  readonly counted: number
  readonly hidden: number
  /** Whether the statement shows as many entries as the ledger counts, yet not the ones it committed to. */
  readonly altered: boolean
  /** Ledger time up to which the statement claims to be complete. */
  readonly stated: string
  readonly ledger: string
  readonly height: number
}

export const omission: Kind<OmissionProof, OmissionClaim> = {
  shape,
  verify(proof, genesis) {
    const statement = decode(LogStatement, proof.statement)
    verifyStatement(statement, proof, genesis)
    const key = stateKey('disclosure', 'file', [statement.fileId])
    const { row, checkpoint } = provenRow(DisclosureRow, key, proof.disclosures, genesis)
    const covered = checkpoint.height <= statement.height || row.committedAtMs < statement.timeMs
    const altered = row.entries === statement.entries && !equalBytes(row.head, statement.head)
    if (!covered || (row.entries <= statement.entries && !altered)) {
      throw new SalusError('omission-unfounded', 'the statement leaves out nothing that it claims to cover', {
        covered,
        shown: statement.entries,
        counted: row.entries,
      })
    }
    const claim: OmissionClaim = {
      kind: 'omission',
      custodian: statement.custodian,
      fileId: toHex(statement.fileId),
      shown: statement.entries,
      counted: row.entries,
      hidden: row.entries - statement.entries,
      altered,
      stated: isoTime(statement.timeMs),
      ledger: toHex(genesis.ledgerId),
      height: checkpoint.height,
    }
    return { claim, checkpoint }
  },
}

/** The statement is about this ledger, by the file's custodian, under the key that it had then. */
function verifyStatement(statement: LogStatement, proof: OmissionProof, genesis: Genesis): void {
  if (!equalBytes(statement.ledgerId, genesis.ledgerId)) {
    throw new SalusError('statement-ledger', 'the statement is about another ledger', {
      found: toHex(statement.ledgerId),
    })
  }
  const file = provenRow(FileRow, stateKey('record', 'file', [statement.fileId]), proof.file, genesis).row
  if (file.custodian !== statement.custodian) {
    throw new SalusError('custodian-mismatch', 'the statement is not by the custodian of the file', {
      custodian: file.custodian,
      signer: statement.custodian,
    })
  }
  const { signingKey } = decode(SignerKey, proof.signer.key)
  if (!ed25519Verify(signingKey, logStatementDigest(statement), proof.signature)) {
    throw new SalusError('signature-invalid', 'the signature of the statement does not hold', {
      signer: toHex(signingKey),
    })
  }
  const key = provenRow(KeyRow, stateKey('membership', 'key', [signingKey]), proof.signer, genesis).row
  const inTime = key.sinceMs <= statement.timeMs && (key.untilMs === null || statement.timeMs < key.untilMs)
  if (key.memberId !== statement.custodian || !inTime) {
    throw new SalusError('signer-unknown', "the signer's key was not the custodian's at that time", {
      signer: toHex(signingKey),
    })
  }
}

/**
 * The patient's own check of a disclosure log. A custodian shows entries, the batches they were committed in, and its
 * signature under "these are all"; the ledger's count of the file, proven against the genesis file and asked of every
 * node that answers, says whether that is so. What the custodian hid becomes a proof that anybody can check.
 */
import {
  CHAIN_DOMAIN,
  CHAIN_START,
  DisclosureEntry,
  DisclosureRow,
  decode,
  disclosureCommitment,
  ed25519Verify,
  equalBytes,
  type Genesis,
  LogStatement,
  logStatementDigest,
  MemberRow,
  nextChainHead,
  SalusError,
  toHex,
} from '@salus/core'
import { merkleRoot, type StateProof, verifyStateProof, writeProofFile } from '@salus/proof'

/** A custodian's answer, decoded from its text forms. */
export interface ShownLog {
  readonly entries: readonly Uint8Array[]
  readonly batches: readonly { readonly count: number; readonly root: Uint8Array }[]
  readonly statement: Uint8Array
  readonly signature: Uint8Array
}

/** State proofs about the file, of the newest checkpoint found: its disclosures, its record row, its custodian. */
export interface FileEvidence {
  readonly disclosures: StateProof
  readonly file: StateProof
  readonly member: StateProof
  /** The row of `membership/key` of the custodian's signing key. */
  readonly signer: StateProof
}

/** `accepted`: waits at the custodian; `committed`: the custodian says so; `proven`: the ledger's own count covers it. */
export type EntryStatus = 'accepted' | 'committed' | 'proven'

export interface CheckedLog {
  readonly entries: readonly { readonly entry: DisclosureEntry; readonly status: EntryStatus }[]
  /** True when the entries shown are exactly those that the ledger counts, and their chain ends in its head. */
  readonly complete: boolean
  readonly shown: number
  readonly counted: number
  /** Codes of what does not hold; empty when all does. */
  readonly problems: readonly string[]
  /** The text of an omission proof when the custodian signed what the ledger contradicts; null otherwise. */
  readonly omission: string | null
}

/**
 * Checks a log against the ledger.
 * @throws SalusError `log-statement-*` when the statement is not this custodian's about this file, and the codes of
 *   proofs that do not hold
 */
export function checkLog(shown: ShownLog, evidence: FileEvidence, fileId: Uint8Array, genesis: Genesis): CheckedLog {
  const statement = verifyStatement(shown, evidence, fileId, genesis)
  const { height } = verifyStateProof(evidence.disclosures, genesis)
  const row = evidence.disclosures.value === null ? undefined : decode(DisclosureRow, evidence.disclosures.value)
  const counted = row?.entries ?? 0
  const entries = shown.entries.map((bytes) => decode(DisclosureEntry, bytes))
  const problems = [...sequenceProblems(entries, fileId), ...batchProblems(entries, shown, statement)]
  const hidden = counted > statement.entries
  const altered = !hidden && row !== undefined && !passesThrough(shown.batches, row)
  const invented = statement.entries > counted && height >= statement.height
  if (hidden) problems.push('disclosures-hidden')
  if (altered) problems.push('disclosures-altered')
  if (invented) problems.push('disclosures-invented')
  const contradicts = hidden || (altered && counted === statement.entries)
  const covered = height <= statement.height || (row !== undefined && row.committedAtMs < statement.timeMs)
  return {
    entries: entries.map((entry) => ({ entry, status: statusOf(entry, counted, statement.entries) })),
    complete: problems.length === 0,
    shown: statement.entries,
    counted,
    problems,
    omission: contradicts && covered ? writeOmission(shown, evidence) : null,
  }
}

/** True when the chain of the batches shown has the ledger's head where it has the ledger's count of entries. */
function passesThrough(batches: ShownLog['batches'], row: DisclosureRow): boolean {
  let at = 0
  let head = CHAIN_START
  for (const batch of batches) {
    if (at >= row.entries) break
    at += batch.count
    head = nextChainHead(CHAIN_DOMAIN.disclosure, head, batch)
  }
  return at === row.entries && equalBytes(head, row.head)
}

function statusOf(entry: DisclosureEntry, counted: number, stated: number): EntryStatus {
  if (entry.sequence <= counted) return 'proven'
  return entry.sequence <= stated ? 'committed' : 'accepted'
}

function verifyStatement(shown: ShownLog, evidence: FileEvidence, fileId: Uint8Array, genesis: Genesis): LogStatement {
  const statement = decode(LogStatement, shown.statement)
  if (!equalBytes(statement.ledgerId, genesis.ledgerId) || !equalBytes(statement.fileId, fileId)) {
    throw new SalusError('log-statement-foreign', 'the statement is about another ledger or file')
  }
  verifyStateProof(evidence.member, genesis)
  if (evidence.member.value === null) throw new SalusError('member-unknown', 'the ledger knows no such custodian')
  const { signingKey } = decode(MemberRow, evidence.member.value)
  if (!ed25519Verify(signingKey, logStatementDigest(statement), shown.signature)) {
    throw new SalusError('log-statement-signature', 'the custodian did not sign this statement')
  }
  return statement
}

/** Every entry is of this file, and they count from 1 without gaps. */
function sequenceProblems(entries: readonly DisclosureEntry[], fileId: Uint8Array): string[] {
  const foreign = entries.some((entry) => !equalBytes(entry.fileId, fileId))
  const gaps = entries.some((entry, i) => entry.sequence !== i + 1)
  return [...(foreign ? ['disclosure-foreign'] : []), ...(gaps ? ['disclosure-missing'] : [])]
}

/** The entries shown make the batches shown, and these the head that the custodian signed. */
function batchProblems(entries: readonly DisclosureEntry[], shown: ShownLog, statement: LogStatement): string[] {
  let at = 0
  let head = CHAIN_START
  for (const batch of shown.batches) {
    const commitments = entries.slice(at, at + batch.count).map(disclosureCommitment)
    if (commitments.length !== batch.count || !equalBytes(merkleRoot(commitments), batch.root)) {
      return ['disclosure-batch']
    }
    at += batch.count
    head = nextChainHead(CHAIN_DOMAIN.disclosure, head, batch)
  }
  return at === statement.entries && equalBytes(head, statement.head) ? [] : ['disclosure-chain']
}

function writeOmission(shown: ShownLog, evidence: FileEvidence): string {
  return writeProofFile({
    format: 'salus-proof/1',
    kind: 'omission',
    statement: shown.statement,
    signature: shown.signature,
    signer: evidence.signer,
    file: evidence.file,
    disclosures: evidence.disclosures,
  })
}

/** The name of a disclosure in logs and on command lines. */
export function disclosureName(entry: DisclosureEntry): string {
  return `${toHex(entry.fileId)}.${entry.sequence}`
}

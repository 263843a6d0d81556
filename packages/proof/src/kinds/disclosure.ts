/** "This disclosure, or refused request, is recorded on the ledger" (docs/spec/disclosure.md). */
import {
  DisclosureEntry,
  decode,
  disclosureCommitment,
  equalBytes,
  type Genesis,
  json,
  SalusError,
  type ShapeOf,
  toHex,
} from '@salus/core'
import { batchItemFields, verifyBatchItem } from '../batch-item.ts'
import { isoTime } from '../claim.ts'
import { FORMAT } from '../shapes.ts'
import type { Kind } from './kind.ts'

/** Longest encoded entry, in bytes; the bounds of its fields keep it below. */
const ENTRY_BYTES_MAX = 64 * 1024

const shape = json.object({
  format: FORMAT,
  kind: json.literal('disclosure'),
  entry: json.base64url(ENTRY_BYTES_MAX),
  ...batchItemFields,
})
export type DisclosureProof = ShapeOf<typeof shape>

export interface DisclosureClaim
  extends Pick<
    DisclosureEntry,
    | 'sequence'
    | 'custodian'
    | 'requester'
    | 'practitioner'
    | 'purpose'
    | 'interaction'
    | 'decision'
    | 'reason'
    | 'emergency'
    | 'what'
  > {
  readonly kind: 'disclosure'
  readonly fileId: string
  readonly when: string
  readonly consents: readonly string[]
  readonly content: string | null
  readonly ledger: string
  readonly height: number
}

export const disclosure: Kind<DisclosureProof, DisclosureClaim> = {
  shape,
  verify(file, genesis) {
    const entry = decode(DisclosureEntry, file.entry)
    const anchor = verifyBatchItem(file, disclosureCommitment(entry), ['disclosure', 'commit-batch'], genesis)
    if (!equalBytes(anchor.file.fileId, entry.fileId)) {
      throw new SalusError('batch-mismatch', 'the batch belongs to another file', { found: toHex(anchor.file.fileId) })
    }
    if (anchor.memberId !== entry.custodian) {
      throw new SalusError('custodian-mismatch', 'the entry was committed by another member', {
        custodian: entry.custodian,
        signer: anchor.memberId,
      })
    }
    return { claim: claimOf(entry, genesis, anchor.entry.height), checkpoint: anchor.checkpoint }
  },
}

function claimOf(entry: DisclosureEntry, genesis: Genesis, height: number): DisclosureClaim {
  const { salt, timeMs, fileId, consents, content, ...plain } = entry
  return {
    kind: 'disclosure',
    fileId: toHex(fileId),
    when: isoTime(timeMs),
    ...plain,
    consents: consents.map(toHex),
    content: content && toHex(content),
    ledger: toHex(genesis.ledgerId),
    height,
  }
}

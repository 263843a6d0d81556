/** "This is the resource as its custodian recorded it, at the latest then" (docs/spec/record.md). */
import { commitVersion, json, SalusError, type ShapeOf, sha256, toHex, utf8 } from '@salus/core'
import { batchItemFields, verifyBatchItem } from '../batch-item.ts'
import { isoTime } from '../claim.ts'
import { FORMAT } from '../shapes.ts'
import type { Kind } from './kind.ts'

/** Longest resource that a proof file carries, in UTF-16 units. */
export const RESOURCE_LENGTH_MAX = 16 * 1024 * 1024

/** `resource` is the exact text of the version, null when the version is a deletion. */
const shape = json.object({
  format: FORMAT,
  kind: json.literal('record'),
  type: json.text(64),
  id: json.text(64),
  version: json.text(64),
  salt: json.hex(16),
  resource: json.nullable(json.text(RESOURCE_LENGTH_MAX)),
  ...batchItemFields,
})
export type RecordProof = ShapeOf<typeof shape>

export interface RecordClaim {
  readonly kind: 'record'
  readonly type: string
  readonly id: string
  readonly version: string
  readonly deleted: boolean
  /** SHA-256 of the resource's bytes. */
  readonly body: string
  readonly fileId: string
  readonly custodian: string
  /** Block time at which the ledger committed to it. */
  readonly anchored: string
  readonly ledger: string
  readonly height: number
}

export const record: Kind<RecordProof, RecordClaim> = {
  shape,
  verify(proof, genesis) {
    const { type, id, version, salt, resource } = proof
    if (resource === '') {
      throw new SalusError('record-empty', 'a deletion is spelled null: no resource is the empty text')
    }
    const body = utf8(resource ?? '')
    const commitment = commitVersion(type, id, version, body, salt)
    const { file, memberId, entry, checkpoint } = verifyBatchItem(proof, commitment, ['record', 'anchor'], genesis)
    const claim: RecordClaim = {
      kind: 'record',
      type,
      id,
      version,
      deleted: resource === null,
      body: toHex(sha256(body)),
      fileId: toHex(file.fileId),
      custodian: memberId,
      anchored: isoTime(entry.timeMs),
      ledger: toHex(genesis.ledgerId),
      height: entry.height,
    }
    return { claim, checkpoint }
  },
}

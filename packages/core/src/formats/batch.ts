/**
 * What a member commits about its files: for each file the number of new items and the RFC 9162 root over their
 * commitments. The ledger chains the roots, so whoever holds all items of a file can recompute its head, and whoever
 * misses one cannot.
 */
import { DOMAIN, type Domain, domainHash, HASH_BYTES } from '../hash.ts'
import { array, bytes, type Infer, struct, uint } from '../schema.ts'
import { FileId } from './disclosure-entry.ts'

/** Most files in one batch; a proof carries the whole transaction, so this bounds its size. */
export const BATCH_FILES_MAX = 64
/** Most items of one file in one batch. */
export const BATCH_ITEMS_MAX = 100_000

/** `emergencies` of the `count` items are emergency accesses; 0 for record versions. */
export const FileBatch = struct({
  fileId: FileId,
  count: uint(BATCH_ITEMS_MAX),
  root: bytes(HASH_BYTES),
  emergencies: uint(BATCH_ITEMS_MAX),
})
export type FileBatch = Infer<typeof FileBatch>

/** Arguments of `disclosure/commit-batch` and `record/anchor`. */
export const FileBatches = struct({ files: array(FileBatch, 1, BATCH_FILES_MAX) })
export type FileBatches = Infer<typeof FileBatches>

/** The head of a file without items. */
export const CHAIN_START: Uint8Array = new Uint8Array(HASH_BYTES)

/** The head of a file's chain after one more batch. */
export function nextChainHead(
  domain: Domain,
  head: Uint8Array,
  batch: { count: number; root: Uint8Array },
): Uint8Array {
  const count = new Uint8Array(8)
  new DataView(count.buffer).setBigUint64(0, BigInt(batch.count))
  return domainHash(domain, head, count, batch.root)
}

/** Chain domains by what is chained. */
export const CHAIN_DOMAIN = { disclosure: DOMAIN.disclosureChain, record: DOMAIN.recordChain } as const

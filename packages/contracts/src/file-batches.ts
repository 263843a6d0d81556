/** What the commands over {@link FileBatches} have in common. */
import { type FileBatch, type FileRow, toHex } from '@salus/core'
import { type Context, refuse } from './kit.ts'
import { files } from './record/tables.ts'

/** The codes of {@link checkBatches}. */
export const BATCH_REFUSALS = {
  'file-repeated': 'A file stands in the batch twice.',
  'batch-empty': 'A file stands in the batch without items.',
} as const

/** The code of {@link checkNoEmergencies}. */
export const NO_EMERGENCIES_REFUSALS = {
  'emergencies-not-counted': 'The command does not count emergencies: the number must be 0.',
} as const

/** The code of {@link knownFile}. */
export const KNOWN_FILE_REFUSALS = { 'file-unknown': 'There is no such file.' } as const

/** The codes of {@link ownFile}. */
export const OWN_FILE_REFUSALS = {
  ...KNOWN_FILE_REFUSALS,
  'not-the-custodian': 'The file belongs to another member.',
} as const

/** Refuses a batch that names a file twice, or without items. */
export function checkBatches(batches: readonly FileBatch[]): void {
  const seen = new Set<string>()
  for (const { fileId, count } of batches) {
    if (count === 0) refuse('batch-empty', 'a file stands in the batch without items')
    const id = toHex(fileId)
    if (seen.has(id)) refuse('file-repeated', 'a file stands in the batch twice')
    seen.add(id)
  }
}

/** Refuses a batch with emergencies, for the commands that have none. */
export function checkNoEmergencies(batches: readonly FileBatch[]): void {
  if (batches.some(({ emergencies }) => emergencies !== 0)) {
    refuse('emergencies-not-counted', 'the command does not count emergencies')
  }
}

/** The file, which must exist. */
export function knownFile({ state }: Context, fileId: Uint8Array): FileRow {
  return files.get(state, fileId) ?? refuse('file-unknown', 'there is no such file')
}

/** The file, which must belong to `memberId`. */
export function ownFile(context: Context, fileId: Uint8Array, memberId: string): FileRow {
  const row = knownFile(context, fileId)
  if (row.custodian !== memberId) refuse('not-the-custodian', 'the file belongs to another member')
  return row
}

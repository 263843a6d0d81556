/** What `anchor` and `close-file` have in common: an open file of the signer. */
import type { FileRow } from '@salus/core'
import { OWN_FILE_REFUSALS, ownFile } from '../file-batches.ts'
import { type Context, refuse } from '../kit.ts'

/** The codes of {@link ownOpenFile}. */
export const OWN_OPEN_FILE_REFUSALS = { ...OWN_FILE_REFUSALS, 'file-closed': 'The file is closed.' } as const

/** The file, which must belong to `memberId` and be open. */
export function ownOpenFile(context: Context, fileId: Uint8Array, memberId: string): FileRow {
  const row = ownFile(context, fileId, memberId)
  if (row.status !== 'open') refuse('file-closed', 'the file is closed')
  return row
}

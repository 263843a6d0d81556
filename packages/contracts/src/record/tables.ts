/** The table of record. */
import { FileRow } from '@salus/core'
import { table } from '../kit.ts'

export const files = table<[fileId: Uint8Array], FileRow>('record', 'file', FileRow, {
  key: ['fileId'],
  doc:
    'A file: one record at one custodian under a random identifier, how many versions are anchored, and the head of ' +
    'the chain over their batches. `anchoredAtMs` is 0 before the first.',
})

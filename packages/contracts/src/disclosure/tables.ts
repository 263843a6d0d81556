/** The tables of disclosure. */
import { DisclosureRow, ReceiptRow } from '@salus/core'
import { table } from '../kit.ts'

export const disclosures = table<[fileId: Uint8Array], DisclosureRow>('disclosure', 'file', DisclosureRow, {
  key: ['fileId'],
  doc:
    'What the custodian committed for a file: disclosures and refused requests, the emergencies among them, and the ' +
    'head of the chain over their batches. No row means none.',
})

export const receipts = table<[fileId: Uint8Array, memberId: string], ReceiptRow>('disclosure', 'receipt', ReceiptRow, {
  key: ['fileId', 'memberId'],
  doc: 'What a recipient says it received from a file, chained like the disclosures themselves. No row means nothing.',
})

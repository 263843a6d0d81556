/** Disclosure: how often each file was disclosed, as counters and commitments that nobody can take back. */
import type { Contract } from '../kit.ts'
import { acknowledge } from './acknowledge.ts'
import { commitBatch } from './commit-batch.ts'
import { disclosures, receipts } from './tables.ts'

export const disclosure: Contract = {
  name: 'disclosure',
  doc:
    'How often each file was disclosed or asked for, as counters and a chain over commitments. A patient who is shown ' +
    'fewer entries than the ledger counts knows that some are hidden.',
  tables: [disclosures, receipts],
  commands: [commitBatch, acknowledge],
}

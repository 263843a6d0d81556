/** batch and transaction: `POST [base]` (FHIR R4 section 3.1.0.11). */
import { runBatch } from '../batch.ts'
import { readBundle } from '../bundle-entries.ts'
import type { Interaction } from '../interaction.ts'
import { runTransaction } from '../transaction.ts'

export const bundle: Interaction = {
  name: 'bundle',
  method: 'POST',
  path: '/',
  right: null,
  writes: false,
  handle: async (server, request) => {
    const { type, entries } = readBundle(request.body)
    return type === 'batch' ? runBatch(server, request, entries) : runTransaction(server, request, entries)
  },
}

import { CHAIN_DOMAIN, CHAIN_START, type FileBatch, FileBatches, nextChainHead } from '@salus/core'
import { BATCH_REFUSALS, checkBatches, OWN_FILE_REFUSALS, ownFile } from '../file-batches.ts'
import { type CommandDefinition, type Context, refuse } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from '../membership/signer.ts'
import { disclosures } from './tables.ts'

export const commitBatch: CommandDefinition<FileBatches> = {
  name: 'commit-batch',
  doc:
    'The custodian commits disclosures of its files, refused requests too: for each file their number, how many were ' +
    'emergencies, and the root over their commitments. A closed file still accepts them. Emergency access has no ' +
    'command of its own: its entry is one of these, and the counter flags it.',
  args: FileBatches,
  refusals: {
    ...MEMBER_REFUSALS,
    ...BATCH_REFUSALS,
    ...OWN_FILE_REFUSALS,
    'emergencies-exceed-count': 'A file has more emergencies than items.',
  },
  execute: (context, { files: batches }) => {
    const { id } = activeMember(context)
    checkBatches(batches)
    for (const batch of batches) {
      if (batch.emergencies > batch.count) refuse('emergencies-exceed-count', 'a file has more emergencies than items')
      ownFile(context, batch.fileId, id)
      commit(context, batch)
    }
  },
}

function commit({ state, timeMs }: Context, batch: FileBatch): void {
  const row = disclosures.get(state, batch.fileId) ?? { entries: 0, emergencies: 0, head: CHAIN_START }
  const entries = row.entries + batch.count
  const emergencies = row.emergencies + batch.emergencies
  const head = nextChainHead(CHAIN_DOMAIN.disclosure, row.head, batch)
  disclosures.put(state, { entries, emergencies, head, committedAtMs: timeMs }, batch.fileId)
}

import { CHAIN_DOMAIN, FileBatches, nextChainHead } from '@salus/core'
import { BATCH_REFUSALS, checkBatches, checkNoEmergencies, NO_EMERGENCIES_REFUSALS } from '../file-batches.ts'
import type { CommandDefinition } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from '../membership/signer.ts'
import { OWN_OPEN_FILE_REFUSALS, ownOpenFile } from './own-open-file.ts'
import { files } from './tables.ts'

export const anchor: CommandDefinition<FileBatches> = {
  name: 'anchor',
  doc: 'The custodian anchors versions of open files: for each file their number and the root over their commitments.',
  args: FileBatches,
  refusals: { ...MEMBER_REFUSALS, ...BATCH_REFUSALS, ...NO_EMERGENCIES_REFUSALS, ...OWN_OPEN_FILE_REFUSALS },
  execute: (context, { files: batches }) => {
    const { id } = activeMember(context)
    checkBatches(batches)
    checkNoEmergencies(batches)
    for (const batch of batches) {
      const row = ownOpenFile(context, batch.fileId, id)
      const versions = row.versions + batch.count
      const head = nextChainHead(CHAIN_DOMAIN.record, row.head, batch)
      files.put(context.state, { ...row, versions, head, anchoredAtMs: context.timeMs }, batch.fileId)
    }
  },
}

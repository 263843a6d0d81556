import { CHAIN_DOMAIN, CHAIN_START, FileBatches, nextChainHead } from '@salus/core'
import {
  BATCH_REFUSALS,
  checkBatches,
  checkNoEmergencies,
  KNOWN_FILE_REFUSALS,
  knownFile,
  NO_EMERGENCIES_REFUSALS,
} from '../file-batches.ts'
import { type CommandDefinition, refuse } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from '../membership/signer.ts'
import { receipts } from './tables.ts'

export const acknowledge: CommandDefinition<FileBatches> = {
  name: 'acknowledge',
  doc:
    'A recipient commits what it received from files of others, so that a patient sees when somebody got more than ' +
    'the custodian admits. The chain has the form of the one of `commit-batch`.',
  args: FileBatches,
  refusals: {
    ...MEMBER_REFUSALS,
    ...BATCH_REFUSALS,
    ...NO_EMERGENCIES_REFUSALS,
    ...KNOWN_FILE_REFUSALS,
    'recipient-is-custodian': 'The file belongs to the signer itself.',
  },
  execute: (context, { files: batches }) => {
    const { state, timeMs } = context
    const { id } = activeMember(context)
    checkBatches(batches)
    checkNoEmergencies(batches)
    for (const batch of batches) {
      if (knownFile(context, batch.fileId).custodian === id) {
        refuse('recipient-is-custodian', 'the file belongs to the signer itself')
      }
      const row = receipts.get(state, batch.fileId, id) ?? { entries: 0, head: CHAIN_START }
      const head = nextChainHead(CHAIN_DOMAIN.disclosure, row.head, batch)
      receipts.put(state, { entries: row.entries + batch.count, head, committedAtMs: timeMs }, batch.fileId, id)
    }
  },
}

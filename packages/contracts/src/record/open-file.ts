import { CHAIN_START, FileId, type Infer, struct } from '@salus/core'
import { type CommandDefinition, refuse } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from '../membership/signer.ts'
import { files } from './tables.ts'

export const OpenFileArgs = struct({ fileId: FileId })
export type OpenFileArgs = Infer<typeof OpenFileArgs>

export const openFile: CommandDefinition<OpenFileArgs> = {
  name: 'open-file',
  doc: 'A member opens a file under a random identifier and becomes its custodian.',
  args: OpenFileArgs,
  refusals: { ...MEMBER_REFUSALS, 'file-exists': 'The identifier is taken.' },
  execute: (context, { fileId }) => {
    const { state, timeMs } = context
    const { id } = activeMember(context)
    if (files.get(state, fileId) !== undefined) refuse('file-exists', 'the identifier is taken')
    const empty = { versions: 0, head: CHAIN_START, anchoredAtMs: 0 }
    files.put(state, { custodian: id, status: 'open', openedAtMs: timeMs, ...empty }, fileId)
  },
}

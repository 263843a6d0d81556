import { FileId, type Infer, struct } from '@salus/core'
import type { CommandDefinition } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from '../membership/signer.ts'
import { OWN_OPEN_FILE_REFUSALS, ownOpenFile } from './own-open-file.ts'
import { files } from './tables.ts'

export const CloseFileArgs = struct({ fileId: FileId })
export type CloseFileArgs = Infer<typeof CloseFileArgs>

export const closeFile: CommandDefinition<CloseFileArgs> = {
  name: 'close-file',
  doc: 'The custodian closes a file, for good: no version can be anchored any more. Disclosures still can be committed.',
  args: CloseFileArgs,
  refusals: { ...MEMBER_REFUSALS, ...OWN_OPEN_FILE_REFUSALS },
  execute: (context, { fileId }) => {
    const row = ownOpenFile(context, fileId, activeMember(context).id)
    files.put(context.state, { ...row, status: 'closed' }, fileId)
  },
}

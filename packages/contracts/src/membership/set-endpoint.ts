import { type Infer, MemberRow, struct } from '@salus/core'
import type { CommandDefinition } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from './signer.ts'
import { members } from './tables.ts'

const { url, encryptionKey } = MemberRow.fields

export const SetEndpointArgs = struct({ url, encryptionKey })
export type SetEndpointArgs = Infer<typeof SetEndpointArgs>

export const setEndpoint: CommandDefinition<SetEndpointArgs> = {
  name: 'set-endpoint',
  doc: 'A member says where its node is now, and the X25519 key that others encrypt to.',
  args: SetEndpointArgs,
  refusals: { ...MEMBER_REFUSALS },
  execute: (context, endpoint) => {
    const { id, row } = activeMember(context)
    members.put(context.state, { ...row, ...endpoint }, id)
  },
}

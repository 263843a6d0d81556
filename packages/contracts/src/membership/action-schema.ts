/** What members can decide together. */
import { type Infer, MemberId, MemberRow, struct, uint, variant } from '@salus/core'

const { handle, name, roles, signingKey, encryptionKey, url } = MemberRow.fields

/**
 * `admit` takes in a member, whose id follows from its name and signing key; `suspend` and `reinstate` take away and
 * give back its right to act; `protocol-version` puts a version of the rules in force from block `atHeight` on.
 */
export const Action = variant({
  admit: struct({ handle, name, roles, signingKey, encryptionKey, url }),
  suspend: struct({ memberId: MemberId }),
  reinstate: struct({ memberId: MemberId }),
  'protocol-version': struct({ version: uint(), atHeight: uint() }),
})
export type Action = Infer<typeof Action>

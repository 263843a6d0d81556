/** A refused request about somebody who has no file here. It takes the path of a disclosure, at the same cost. */
import { type Infer, MemberId, nullable, struct, text, uint } from '@salus/core'

export const UnknownRefusal = struct({
  timeMs: uint(),
  requester: MemberId,
  practitioner: nullable(text(128)),
  reason: text(64),
})
export type UnknownRefusal = Infer<typeof UnknownRefusal>

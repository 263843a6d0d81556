/** Where a member's portal is: at `localhost`, since passkeys belong to a domain. */
import type { Demo } from '../../support/demo.ts'

export function portalOf(demo: Demo, member: string): string {
  return demo.member(member).url.replace('//127.0.0.1:', '//localhost:')
}

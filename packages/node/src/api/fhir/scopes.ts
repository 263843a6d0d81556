/** Who may write, and to which types the scopes of a principal narrow an answer over all types. */
import { SalusError } from '@salus/core'
import type { Principal } from '../../auth/principal.ts'
import { type Action, allows } from '../../auth/scopes.ts'

/** The types that the principal may do `action` on, or null when it is all of them. */
export function scopedTypes(principal: Principal, action: Action): readonly string[] | null {
  if (allows(principal, '*', action)) return null
  const types = new Set(principal.scopes.map(({ type }) => type).filter((type) => allows(principal, type, action)))
  return [...types].sort()
}

/** Members read; only the custodian's own users write. @throws SalusError `write-not-allowed` */
export function requireWriter(principal: Principal): void {
  if (principal.kind === 'member' || principal.kind === 'patient')
    throw new SalusError('write-not-allowed', 'only the custodian’s own users write')
}

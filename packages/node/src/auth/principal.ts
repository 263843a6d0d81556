/** Who a request comes from, as an access token says. */
import type { Code } from '../consent/filter.ts'

/** SMART scopes v2: `context/Type.cruds`, parsed. */
export interface Scope {
  readonly context: 'patient' | 'user' | 'system'
  /** A resource type or `*`. */
  readonly type: string
  readonly create: boolean
  readonly read: boolean
  readonly update: boolean
  readonly delete: boolean
  readonly search: boolean
}

/**
 * `operator`: this member's own administrators and systems. `practitioner`: this member's own clinical staff.
 * `member`: another member's node, for one of its users; purpose and emergency reason are then part of what that
 * member signed, and headers cannot change them. `patient`: a patient who asks for the own record, by a signed request.
 */
export interface Principal {
  readonly kind: 'operator' | 'practitioner' | 'member' | 'patient'
  readonly member: string
  readonly practitioner: string | null
  readonly scopes: readonly Scope[]
  /** The Patient ids whose record it is; of a `patient` alone. */
  readonly patients?: readonly string[]
  readonly asserted: { readonly purpose: Required<Code>; readonly emergency: string | null } | null
}

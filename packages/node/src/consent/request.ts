/** Who asks for what, why, and when: the facts a decision is made from. */
import type { Code } from './filter.ts'

export const PURPOSE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'

/** The purpose of emergency access; requires a stated reason. */
export const BREAK_THE_GLASS = 'BTG'

export interface AccessRequest {
  /** The member whose user or system asks; equal to `custodian` for access inside. */
  readonly requester: string
  readonly custodian: string
  /** `Practitioner/…`, or null for a system. */
  readonly practitioner: string | null
  /** True for the custodian's own operators: everything is visible to them, and everything is still recorded. */
  readonly operator: boolean
  /** The Patient ids of whoever asks for the own record; absent for everybody else. */
  readonly self?: readonly string[]
  readonly purpose: Required<Code>
  /** The stated reason of emergency access, or null. */
  readonly emergency: string | null
  readonly timeMs: number
}

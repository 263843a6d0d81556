/** The answer of the decision engine, for one patient and for a whole request. */
import type { DataFilter } from './filter.ts'
import type { Permit } from './permit.ts'

/** Stable codes of why a request was permitted or refused; they stand in the patient's log. */
export const REASONS = {
  consent: 'a consent of the patient covers it',
  inside: 'the custodian’s own staff, no consent of the patient forbids it',
  operator: 'the custodian’s own operator',
  patient: 'the patient’s own record',
  emergency: 'emergency access with a stated reason',
  'no-consent': 'no live consent of the patient covers this request',
  'consent-denies': 'a consent of the patient forbids this request',
  'emergency-denied': 'a consent of the patient forbids emergency access',
  'member-inactive': 'the requester is not an active member',
  'ledger-lag': 'the ledger replica is too far behind to decide',
} as const

export type Reason = keyof typeof REASONS

/** The decision about one patient's file. `consents` are the ids (hex) of the consents that decided. */
export type FileDecision =
  | {
      readonly decision: 'permit'
      readonly reason: Reason
      readonly filter: DataFilter
      readonly consents: readonly string[]
    }
  | { readonly decision: 'deny'; readonly reason: Reason; readonly consents: readonly string[] }

/**
 * The decision about a request: a permit with the decision of each patient that it concerns, or a refusal.
 * `files` is keyed by Patient id; for a refusal it holds the patients whose log must show it.
 */
export type Decision =
  | {
      readonly decision: 'permit'
      readonly permit: Permit
      readonly files: ReadonlyMap<string, FileDecision>
      readonly otherwise: FileDecision
    }
  | { readonly decision: 'deny'; readonly reason: Reason; readonly files: ReadonlyMap<string, FileDecision> }

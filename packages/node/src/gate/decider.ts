/** What the gate needs of the decision engine: the decision about a request that concerns these patients. */
import type { Decision } from '../consent/decision.ts'
import type { AccessRequest } from '../consent/request.ts'

export interface Decider {
  /** `patients` are Patient ids, known here or not; empty for a request over every record. */
  decide(request: AccessRequest, patients: readonly string[]): Decision
}

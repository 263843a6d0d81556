/** An invariant that does not hold; `invariant` is its stable name. */
export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, message: string) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
  }
}

/**
 * - `acknowledged-lost`: what was acknowledged is not there, or is something else.
 * - `happened-twice`: what was sent once was executed, stored or recorded more often than it arrived.
 * - `roots-differ`: replicas, or a replay from genesis, disagree about a height.
 * - `no-live-consent`: data left its custodian without a consent that could have been live, and no emergency.
 * - `counter-fell`: a counter, height or time of the ledger went back.
 * - `half-done`: a part of something atomic is there without the rest.
 * - `log-incomplete`: a patient's disclosure log and the ledger's count differ when nothing waits any more.
 * - `stalled`: after all faults ended, something does not come to its end.
 * - `uncaught`: an error that nothing caught.
 */
export type Invariant =
  | 'acknowledged-lost'
  | 'happened-twice'
  | 'roots-differ'
  | 'no-live-consent'
  | 'counter-fell'
  | 'half-done'
  | 'log-incomplete'
  | 'stalled'
  | 'uncaught'

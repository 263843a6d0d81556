/**
 * The decision: from the request, the live consents of the patients it concerns, and what the ledger says. Pure, so
 * that a decision can be repeated from its facts. Rules, in docs/spec/consent.md, "Decision":
 *
 * - A patient reads the own record, all of it, and nobody else's.
 * - Another member's request is refused unless a consent permits it; a denial in any consent outweighs every permit.
 * - The custodian's own staff read unless a consent denies it; the custodian's operator is not filtered.
 * - Emergency access is permitted with a stated reason, unless a consent denies emergency access by name.
 */
import { SalusError } from '@salus/core'
import { LEDGER_LAG_MS_MAX, SEARCH_FILES_MAX } from '../limits.ts'
import type { CompiledPolicy } from './compile.ts'
import type { Decision, FileDecision, Reason } from './decision.ts'
import { breaksGlass, evaluate, isEmergency } from './evaluate.ts'
import type { DataFilter } from './filter.ts'
import { ALL, and, NONE, not, or } from './filter-algebra.ts'
import { mintPermit } from './mint.ts'
import type { AccessRequest } from './request.ts'

/** A consent that is live on the ledger and whose document was verified. `id` is lower-case hexadecimal. */
export interface LiveConsent {
  readonly id: string
  readonly policy: CompiledPolicy
}

/** The consents that a decision is made from. */
export interface Consents {
  /** The consents of a patient that are in force at `timeMs`. */
  live(patient: string, timeMs: number): readonly LiveConsent[]
  /** Patients with a consent that may permit something to this requester; not necessarily in force. */
  permitting(requester: string, practitioner: string | null): Iterable<string>
  /** Patients with a consent that may deny something to this requester; not necessarily in force. */
  denying(requester: string, practitioner: string | null): Iterable<string>
}

/** What the ledger says of the requester and of itself. */
export interface LedgerFacts {
  /** The requesting member is admitted and not suspended. */
  readonly memberActive: boolean
  /** How far the replica may be behind the network. */
  readonly lagMs: number
}

const OTHERWISE_NO_CONSENT: FileDecision = { decision: 'deny', reason: 'no-consent', consents: [] }
const OPERATOR: FileDecision = { decision: 'permit', reason: 'operator', filter: ALL, consents: [] }
const SELF: FileDecision = { decision: 'permit', reason: 'patient', filter: ALL, consents: [] }
const INSIDE: FileDecision = { decision: 'permit', reason: 'inside', filter: ALL, consents: [] }
const INSIDE_EMERGENCY: FileDecision = { decision: 'permit', reason: 'emergency', filter: ALL, consents: [] }

/**
 * Decides about a request that concerns these patients (Patient ids); none for a request over every record. Naming
 * patients opens to another member their records and no other; resources of no patient are open with every permit.
 * @throws SalusError `search-too-broad` when another member asks over more records than it may touch at once
 */
export function decide(
  request: AccessRequest,
  patients: readonly string[],
  consents: Consents,
  facts: LedgerFacts,
): Decision {
  if (request.self !== undefined) return decideSelf(request, request.self, patients)
  if (isOperator(request)) return permit(request, new Map(), OPERATOR)
  const refusal = refuseBeforeConsent(request, facts)
  if (refusal !== null) return refuse(refusal, new Map(patients.map((patient) => [patient, denial(refusal, [])])))
  if (request.requester === request.custodian) return decideInside(request, patients, consents, facts)
  return patients.length > 0 ? decideNamed(request, patients, consents, facts) : decideSearch(request, consents, facts)
}

/** The decision about one patient's file, from the consents of that patient that are in force. */
export function decideFile(request: AccessRequest, consents: readonly LiveConsent[], facts: LedgerFacts): FileDecision {
  if (isOperator(request)) return OPERATOR
  const refusal = refuseBeforeConsent(request, facts)
  if (refusal !== null) return denial(refusal, [])
  const said = consents
    .map(({ id, policy }) => ({ id, ...evaluate(policy, request) }))
    .filter(({ permit, deny }) => permit.op !== 'none' || deny.op !== 'none')
  const emergency = isEmergency(request)
  const needsConsent = request.requester !== request.custodian && !emergency
  const permitted = needsConsent ? or(...said.map(({ permit }) => permit)) : ALL
  const denied = or(...said.map(({ deny }) => deny))
  const filter = and(permitted, not(denied))
  const reason = emergency ? 'emergency' : needsConsent ? 'consent' : 'inside'
  if (filter.op !== 'none') {
    const decisive = said.filter(({ permit, deny }) => deny.op !== 'none' || (needsConsent && permit.op !== 'none'))
    return { decision: 'permit', reason, filter, consents: decisive.map(({ id }) => id) }
  }
  if (permitted.op === 'none' && denied.op !== 'all') return OTHERWISE_NO_CONSENT
  const denying = said.filter(({ deny }) => deny.op !== 'none').map(({ id }) => id)
  return denial(emergency ? 'emergency-denied' : 'consent-denies', denying)
}

/** The own record is open, whatever consents say; what names somebody else's is refused as if nobody was there. */
function decideSelf(request: AccessRequest, self: readonly string[], patients: readonly string[]): Decision {
  const named = patients.length > 0 ? patients : self
  const files = new Map(named.map((patient) => [patient, self.includes(patient) ? SELF : OTHERWISE_NO_CONSENT]))
  return refuseAll(files) ?? permit(request, files, OTHERWISE_NO_CONSENT)
}

function isOperator({ operator, requester, custodian }: AccessRequest): boolean {
  return operator && requester === custodian
}

/** Why a request is refused whatever consents say, or null. Emergency access does not wait for the ledger. */
function refuseBeforeConsent(request: AccessRequest, facts: LedgerFacts): Reason | null {
  // Emergency access without a reason is not emergency access, nor is it anything else.
  if (breaksGlass(request) && !isEmergency(request)) return 'no-consent'
  if (request.requester === request.custodian) return null
  if (!facts.memberActive) return 'member-inactive'
  return facts.lagMs > LEDGER_LAG_MS_MAX && !isEmergency(request) ? 'ledger-lag' : null
}

function decideNamed(
  request: AccessRequest,
  patients: readonly string[],
  consents: Consents,
  facts: LedgerFacts,
): Decision {
  const files = decideFiles(request, patients, consents, facts)
  return refuseAll(files) ?? permit(request, files, OTHERWISE_NO_CONSENT)
}

/** The custodian's own staff: all but what consents deny, also of patients who were not named. */
function decideInside(
  request: AccessRequest,
  patients: readonly string[],
  consents: Consents,
  facts: LedgerFacts,
): Decision {
  const named = decideFiles(request, patients, consents, facts)
  const refusal = refuseAll(named)
  if (refusal !== null) return refusal
  const denying = consents.denying(request.requester, request.practitioner)
  const limited = [...decideFiles(request, denying, consents, facts)].filter(
    ([, file]) => file.decision === 'deny' || file.filter.op !== 'all',
  )
  const otherwise = isEmergency(request) ? INSIDE_EMERGENCY : INSIDE
  return permit(request, new Map([...named, ...limited]), otherwise)
}

function decideFiles(
  request: AccessRequest,
  patients: Iterable<string>,
  consents: Consents,
  facts: LedgerFacts,
): ReadonlyMap<string, FileDecision> {
  const files = new Map<string, FileDecision>()
  for (const patient of patients) {
    files.set(patient, decideFile(request, consents.live(patient, request.timeMs), facts))
  }
  return files
}

/** The refusal of a request about patients who are refused one and all; null when one is not, or none was named. */
function refuseAll(files: ReadonlyMap<string, FileDecision>): Decision | null {
  const decisions = [...files.values()]
  if (decisions.length === 0 || decisions.some(({ decision }) => decision === 'permit')) return null
  const telling = decisions.find(({ reason }) => reason !== 'no-consent')
  return refuse(telling?.reason ?? 'no-consent', files)
}

/** Another member over every record: the patients whose consents permit it. Emergency access is to named patients. */
function decideSearch(request: AccessRequest, consents: Consents, facts: LedgerFacts): Decision {
  const files = new Map<string, FileDecision>()
  if (isEmergency(request)) return refuse('no-consent', files)
  for (const patient of consents.permitting(request.requester, request.practitioner)) {
    const decision = decideFile(request, consents.live(patient, request.timeMs), facts)
    if (decision.decision === 'permit') files.set(patient, decision)
    if (files.size > SEARCH_FILES_MAX) {
      throw new SalusError('search-too-broad', 'the search covers too many records; name patients', {
        SEARCH_FILES_MAX,
      })
    }
  }
  return files.size > 0 ? permit(request, files, OTHERWISE_NO_CONSENT) : refuse('no-consent', files)
}

function permit(request: AccessRequest, files: ReadonlyMap<string, FileDecision>, otherwise: FileDecision): Decision {
  const filters = new Map<string, DataFilter>()
  for (const [patient, decision] of files) filters.set(patient, decision.decision === 'permit' ? decision.filter : NONE)
  const others = otherwise.decision === 'permit' ? 'all' : 'none'
  return {
    decision: 'permit',
    permit: mintPermit(request, { files: filters, others, general: request.requester === request.custodian }),
    files,
    otherwise,
  }
}

function refuse(reason: Reason, files: ReadonlyMap<string, FileDecision>): Decision {
  return { decision: 'deny', reason, files }
}

function denial(reason: Reason, consents: readonly string[]): FileDecision {
  return { decision: 'deny', reason, consents }
}

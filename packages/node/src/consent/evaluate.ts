/**
 * What one consent says of one request: which data it permits and which it denies, as filters. Whatever the request
 * alone decides (who, why, when) is decided here; what depends on the data stays in the filters.
 *
 * For a rule with condition c and exceptions that together permit P and deny D:
 *   a permit   permits (P or c) without D    and denies D
 *   a denial   permits P without D           and denies D, and c without P
 * A rule that says neither (a root without a type, as R4 has it) leaves all to its exceptions.
 */
import { PURPOSE_PARENTS } from './codes.ts'
import type { CompiledPolicy, Rule } from './compile.ts'
import type { DataFilter } from './filter.ts'
import { and, NONE, not, or } from './filter-algebra.ts'
import { type AccessRequest, BREAK_THE_GLASS, PURPOSE_SYSTEM } from './request.ts'

/** What a consent permits and what it denies. Both may cover the same resource; then the denial holds. */
export interface Effect {
  readonly permit: DataFilter
  readonly deny: DataFilter
}

const NO_EFFECT: Effect = { permit: NONE, deny: NONE }

/** The purposes by which a rule speaks of emergency access; TREAT does not, though BTG is a kind of it. */
const EMERGENCY_PURPOSES: ReadonlySet<string> = new Set([BREAK_THE_GLASS, 'ETREAT'])

/** True for emergency access: the purpose is BTG, and a reason is stated. */
export function isEmergency(request: AccessRequest): boolean {
  return breaksGlass(request) && request.emergency !== null
}

/** True when the purpose is BTG. */
export function breaksGlass({ purpose }: AccessRequest): boolean {
  return purpose.system === PURPOSE_SYSTEM && purpose.code === BREAK_THE_GLASS
}

export function evaluate({ recipients, rule }: CompiledPolicy, request: AccessRequest): Effect {
  if (recipients?.some((member) => member !== request.requester)) return NO_EFFECT
  return evaluateRule(rule, request)
}

function evaluateRule(rule: Rule, request: AccessRequest): Effect {
  if (!speaksOf(rule, request)) return NO_EFFECT
  const own = statesPurpose(rule, request) && coversAction(rule, request) ? rule.data : NONE
  if (rule.exceptions.length === 0) {
    return { permit: rule.type === 'permit' ? own : NONE, deny: rule.type === 'deny' ? own : NONE }
  }
  const effects = rule.exceptions.map((exception) => evaluateRule(exception, request))
  const permitted = or(...effects.map(({ permit }) => permit))
  const denied = or(...effects.map(({ deny }) => deny))
  if (rule.type === 'permit') return { permit: and(or(permitted, own), not(denied)), deny: denied }
  const refused = rule.type === 'deny' ? and(own, not(permitted)) : NONE
  return { permit: and(permitted, not(denied)), deny: or(denied, refused) }
}

/** Who and when, which narrow all exceptions too. */
function speaksOf({ period, actors }: Rule, request: AccessRequest): boolean {
  if (period) {
    if (period.startMs !== null && request.timeMs < period.startMs) return false
    if (period.endMs !== null && request.timeMs > period.endMs) return false
  }
  if (actors.length === 0) return true
  return actors.some((actor) => {
    if (actor.kind === 'member') return actor.member === request.requester
    return actor.kind === 'practitioner' && actor.reference === request.practitioner
  })
}

function statesPurpose({ purposes }: Rule, request: AccessRequest): boolean {
  if (isEmergency(request)) {
    return purposes.some(({ system, code }) => system === PURPOSE_SYSTEM && EMERGENCY_PURPOSES.has(code))
  }
  if (purposes.length === 0) return true
  const { system, code } = request.purpose
  return purposes.some((purpose) => purpose.system === system && isKindOf(system, code, purpose.code))
}

/** True when `code` is `wanted` or, in v3-ActReason, a kind of it. */
function isKindOf(system: string, code: string, wanted: string): boolean {
  if (system !== PURPOSE_SYSTEM) return code === wanted
  for (let kind: string | undefined = code; kind !== undefined; kind = parentOf(kind)) {
    if (kind === wanted) return true
  }
  return false
}

function parentOf(purpose: string): string | undefined {
  return Object.hasOwn(PURPOSE_PARENTS, purpose) ? PURPOSE_PARENTS[purpose] : undefined
}

/** Reading is access and use, and disclosure when another member reads. */
function coversAction({ actions }: Rule, { requester, custodian }: AccessRequest): boolean {
  if (actions.length === 0) return true
  return actions.some(
    (action) => action === 'access' || action === 'use' || (action === 'disclose' && requester !== custodian),
  )
}

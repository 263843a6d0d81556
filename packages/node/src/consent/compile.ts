/**
 * From a policy to rules that are quick to decide: what a nested provision takes over from the one around it is worked
 * out, and what each rule says of data becomes one filter (docs/spec/consent.md, "Nested provisions").
 *
 * A nested provision is an exception to the one around it. Who and when narrow on the way down: actors and periods of
 * every level must hold. Why and what are taken over unless restated: `purpose`, `action` and each element about data
 * (`class`, `code`, `securityLabel`, `dataPeriod`, `data`) replace the same element further up. So PCF's
 * "normal data for everybody, restricted data for one practitioner" means what it says.
 */
import { SalusError } from '@salus/core'
import { CONSENT_FILTERS_MAX } from '../limits.ts'
import { SENSITIVITY_PARENTS } from './codes.ts'
import type { Code, DataFilter } from './filter.ts'
import { ALL, and, countTests, not, or } from './filter-algebra.ts'
import { ABSENT_SYSTEM, CONFIDENTIALITIES, CONFIDENTIALITY_SYSTEM, SENSITIVITY_SYSTEM } from './labels.ts'
import type { Actor, ContentClass, OpenSpan, Policy, Provision } from './policy.ts'

/** One provision, decidable by itself. An empty `purposes` or `actions` means any. */
export interface Rule {
  readonly type: Provision['type']
  readonly period: OpenSpan | null
  /** The actors of this provision alone; empty means any. */
  readonly actors: readonly Actor[]
  readonly purposes: Provision['purposes']
  readonly actions: readonly string[]
  readonly data: DataFilter
  readonly exceptions: readonly Rule[]
}

export interface CompiledPolicy {
  readonly recipients: Policy['recipients']
  readonly rule: Rule
  /** Everything that any of the rules may test. */
  readonly tests: DataFilter
}

const RESTRICTED = CONFIDENTIALITIES.indexOf('R')

const SENSITIVITIES: readonly Code[] = Object.keys(SENSITIVITY_PARENTS).map(sensitivity)
/** The types that hold or stand for a document. */
const DOCUMENT_TYPES: readonly string[] = ['Composition', 'DocumentManifest', 'DocumentReference']

/** What a provision says of data, one filter for each of its elements that says something. */
interface DataCriteria {
  readonly classes: DataFilter
  readonly codes: DataFilter
  readonly labels: DataFilter
  readonly dataPeriod: DataFilter
  readonly data: DataFilter
}

interface Inherited extends DataCriteria {
  readonly purposes: Rule['purposes']
  readonly actions: Rule['actions']
}

const NOTHING_INHERITED: Inherited = {
  classes: ALL,
  codes: ALL,
  labels: ALL,
  dataPeriod: ALL,
  data: ALL,
  purposes: [],
  actions: [],
}

/** @throws SalusError `consent-too-large` when its rules together test more than a query can bear */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const rule = compileProvision(policy.provision, NOTHING_INHERITED)
  const tests = or(...testsOf(rule))
  if (countTests(tests) > CONSENT_FILTERS_MAX) {
    throw new SalusError('consent-too-large', 'the consent names too much data', { CONSENT_FILTERS_MAX })
  }
  return { recipients: policy.recipients, rule, tests }
}

function testsOf({ data, exceptions }: Rule): readonly DataFilter[] {
  return [...(data.op === 'all' ? [] : [data]), ...exceptions.flatMap(testsOf)]
}

function compileProvision(provision: Provision, inherited: Inherited): Rule {
  const own: Inherited = {
    purposes: restated(provision.purposes, inherited.purposes),
    actions: restated(provision.actions, inherited.actions),
    classes: criterion(provision.classes, inherited.classes, (classes) => or(...classes.map(classFilter))),
    codes: criterion(provision.codes, inherited.codes, (codes) => ({ op: 'code', codes })),
    labels: criterion(provision.labels, inherited.labels, (labels) => labelFilter(labels, provision.type === 'deny')),
    dataPeriod: provision.dataPeriod === null ? inherited.dataPeriod : { op: 'period', ...provision.dataPeriod },
    data: criterion(provision.data, inherited.data, (data) => or(...data.map(dataFilter))),
  }
  return {
    type: provision.type,
    period: provision.period,
    actors: provision.actors,
    purposes: own.purposes,
    actions: own.actions,
    data: and(own.classes, own.codes, own.labels, own.dataPeriod, own.data),
    exceptions: provision.exceptions.map((exception) => compileProvision(exception, own)),
  }
}

function restated<T>(own: readonly T[], inherited: readonly T[]): readonly T[] {
  return own.length > 0 ? own : inherited
}

function criterion<T>(
  values: readonly T[],
  inherited: DataFilter,
  filter: (values: readonly T[]) => DataFilter,
): DataFilter {
  return values.length > 0 ? filter(values) : inherited
}

function classFilter(content: ContentClass): DataFilter {
  if (content.kind === 'any') return ALL
  if (content.kind === 'type') return { op: 'type', types: [content.type] }
  return and({ op: 'type', types: DOCUMENT_TYPES }, { op: 'code', codes: [content.code] })
}

function dataFilter({ meaning, reference }: Provision['data'][number]): DataFilter {
  return { op: meaning === 'authoredby' ? 'author' : meaning, reference }
}

/**
 * R4 reads a confidentiality code as a high-water mark and other labels by subsumption (Consent.provision.
 * securityLabel, comment). So a permit covers its code and lower ones, and a denial, to be safe, its code and higher.
 */
function labelFilter(labels: readonly Code[], denies: boolean): DataFilter {
  const levels = labels.map(confidentiality)
  const marks = levels.filter((level) => level >= 0)
  const others = labels.filter((_, i) => levels[i] === -1)
  const spelled = denies ? others.flatMap(withoutSystem) : others
  const named: DataFilter = others.length > 0 ? { op: 'label', labels: spelled.flatMap(withKinds) } : { op: 'none' }
  if (marks.length === 0) return named
  const marked = denies ? fromLevel(Math.min(...marks)) : upToLevel(Math.max(...marks))
  return or(marked, named)
}

/** The index of a confidentiality code, or -1. */
function confidentiality({ system, code }: Code): number {
  if (system !== undefined && system !== CONFIDENTIALITY_SYSTEM) return -1
  return CONFIDENTIALITIES.indexOf(code)
}

/** Resources that are at most this confidential: they hold such a code, or count as N, and hold no higher one. */
function upToLevel(level: number): DataFilter {
  const higher = fromLevel(level + 1)
  return and(confidential(CONFIDENTIALITIES.slice(0, level + 1)), not(higher))
}

/** Resources that are at least this confidential. A sensitivity label makes a resource at least R. */
function fromLevel(level: number): DataFilter {
  if (level >= CONFIDENTIALITIES.length) return { op: 'none' }
  const codes = confidential(CONFIDENTIALITIES.slice(level))
  return level <= RESTRICTED ? or(codes, { op: 'label', labels: SENSITIVITIES }) : codes
}

function confidential(levels: readonly string[]): DataFilter {
  return { op: 'label', labels: levels.map((code) => ({ system: CONFIDENTIALITY_SYSTEM, code })) }
}

function sensitivity(code: string): Code {
  return { system: SENSITIVITY_SYSTEM, code }
}

/** A label, and its code on resources that leave the system out. */
function withoutSystem(label: Code): readonly Code[] {
  return label.system === undefined ? [label] : [label, { system: ABSENT_SYSTEM, code: label.code }]
}

/** A label with the kinds of it that the code system knows. */
function withKinds(label: Code): readonly Code[] {
  if (label.system !== undefined && label.system !== SENSITIVITY_SYSTEM) return [label]
  const isKind = (code: string): boolean => code === label.code || parentsOf(code).some(isKind)
  const kinds = Object.keys(SENSITIVITY_PARENTS).filter((code) => code !== label.code && isKind(code))
  return [label, ...kinds.map(sensitivity)]
}

/** PCF's AdvancedSecurityTagVS has alcohol and opioid abuse below ETH, which the code system does not. */
const PCF_PARENTS: Readonly<Record<string, string>> = { ETHUD: 'ETH', OPIOIDUD: 'ETH' }

function parentsOf(code: string): readonly string[] {
  return [SENSITIVITY_PARENTS, PCF_PARENTS].flatMap((table) =>
    Object.hasOwn(table, code) ? [table[code] as string] : [],
  )
}

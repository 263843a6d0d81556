/** Filters and scopes of permits evaluated in memory, for versions that the index no longer describes. */
import type { Code, DataFilter, ResourceFacts } from '../consent/filter.ts'
import { CONFIDENTIALITY_SYSTEM, NORMAL } from '../consent/labels.ts'
import type { Scope } from '../consent/permit.ts'
import { isDirectoryType } from './directories.ts'

/** What another current resource (`Type/id`) refers to; needed by `dependents`, which looks the other way. */
export type ReferencesOf = (reference: string) => readonly string[]

export function matches(filter: DataFilter, facts: ResourceFacts, referencesOf: ReferencesOf): boolean {
  const self = `${facts.type}/${facts.id}`
  switch (filter.op) {
    case 'all':
      return true
    case 'none':
      return false
    case 'and':
      return filter.of.every((one) => matches(one, facts, referencesOf))
    case 'or':
      return filter.of.some((one) => matches(one, facts, referencesOf))
    case 'not':
      return !matches(filter.of, facts, referencesOf)
    case 'type':
      return filter.types.includes(facts.type)
    case 'label':
      return matchesLabel(filter.labels, facts.labels)
    case 'code':
      return filter.codes.some((wanted) => facts.codes.some((code) => sameCode(wanted, code)))
    case 'period':
      return matchesPeriod(filter.startMs, filter.endMs, facts.clinical)
    case 'instance':
      return filter.reference === self
    case 'related':
      return filter.reference === self || facts.references.includes(filter.reference)
    case 'dependents':
      if (filter.reference === self || facts.references.includes(filter.reference)) return true
      return referencesOf(filter.reference).includes(self)
    case 'author':
      return facts.authors.includes(filter.reference)
  }
}

function sameCode(wanted: Code, code: Code): boolean {
  return wanted.code === code.code && (wanted.system === undefined || wanted.system === code.system)
}

function matchesLabel(wanted: readonly Code[], labels: readonly Code[]): boolean {
  const confidential = labels.some((label) => label.system === CONFIDENTIALITY_SYSTEM)
  const effective = confidential ? labels : [...labels, { system: CONFIDENTIALITY_SYSTEM, code: NORMAL }]
  return wanted.some((one) => effective.some((label) => sameCode(one, label)))
}

function matchesPeriod(startMs: number | null, endMs: number | null, clinical: ResourceFacts['clinical']): boolean {
  if (!clinical) return false
  return (startMs === null || clinical.endMs >= startMs) && (endMs === null || clinical.startMs <= endMs)
}

/** True when the scope covers a resource with these facts that belongs to these patients (ids). */
export function covers(
  scope: Scope,
  patients: readonly string[],
  facts: ResourceFacts,
  referencesOf: ReferencesOf,
): boolean {
  if (patients.length === 0) return scope.general && (scope.others === 'all' || isDirectoryType(facts.type))
  return patients.every((patient) => {
    const filter = scope.files.get(patient)
    return filter === undefined ? scope.others === 'all' : matches(filter, facts, referencesOf)
  })
}

/** The resources (`Type/id`) that `dependents` filters look back from. */
export function dependentsOf(filters: readonly DataFilter[]): Set<string> {
  const found = new Set<string>()
  const visit = (filter: DataFilter): void => {
    if (filter.op === 'dependents') found.add(filter.reference)
    else if (filter.op === 'not') visit(filter.of)
    else if (filter.op === 'and' || filter.op === 'or') filter.of.forEach(visit)
  }
  filters.forEach(visit)
  return found
}

/**
 * Boolean algebra over data filters. The constructors fold constants and join tests of the same kind, so that the
 * filter of a common consent is one test on type or label, and so that a filter that can cover nothing is `none`.
 */
import type { Code, DataFilter } from './filter.ts'

export const ALL: DataFilter = { op: 'all' }
export const NONE: DataFilter = { op: 'none' }

/** What every one of the filters covers; everything when there are none. */
export function and(...filters: readonly DataFilter[]): DataFilter {
  const operands = flatten('and', filters).filter(({ op }) => op !== 'all')
  if (operands.some(({ op }) => op === 'none')) return NONE
  if (operands.length < 2) return operands[0] ?? ALL
  const refused = or(...operands.flatMap((filter) => (filter.op === 'not' ? [filter.of] : [])))
  if (refused.op === 'all') return NONE
  const without = flatten('or', [refused])
  const kept = distinct(joinTypes(operands.filter(({ op }) => op !== 'not'))).map((filter) => subtract(filter, without))
  if (kept.some(({ op }) => op === 'none')) return NONE
  const narrowed = kept.some(({ op }) => op === 'type') ? or(...without.filter(({ op }) => op !== 'type')) : refused
  const all = narrowed.op === 'none' ? kept : [...kept, not(narrowed)]
  return all.length === 1 ? (all[0] as DataFilter) : { op: 'and', of: all }
}

/** What at least one of the filters covers; nothing when there are none. */
export function or(...filters: readonly DataFilter[]): DataFilter {
  const operands = flatten('or', filters).filter(({ op }) => op !== 'none')
  if (operands.some(({ op }) => op === 'all')) return ALL
  if (operands.length < 2) return operands[0] ?? NONE
  const joined = distinct(joinLists(operands))
  if (joined.some((filter) => filter.op === 'not' && joined.some((other) => equal(other, filter.of)))) return ALL
  return joined.length === 1 ? (joined[0] as DataFilter) : { op: 'or', of: joined }
}

/** What the filter does not cover. */
export function not(filter: DataFilter): DataFilter {
  if (filter.op === 'all') return NONE
  if (filter.op === 'none') return ALL
  return filter.op === 'not' ? filter.of : { op: 'not', of: filter }
}

/** True when both are the same expression. */
function equal(a: DataFilter, b: DataFilter): boolean {
  if (a === b) return true
  switch (a.op) {
    case 'all':
    case 'none':
      return a.op === b.op
    case 'not':
      return b.op === 'not' && equal(a.of, b.of)
    case 'and':
    case 'or':
      return b.op === a.op && equalLists(a.of, b.of, equal)
    case 'type':
      return b.op === 'type' && equalLists(a.types, b.types, Object.is)
    case 'label':
      return b.op === 'label' && equalLists(a.labels, b.labels, equalCodes)
    case 'code':
      return b.op === 'code' && equalLists(a.codes, b.codes, equalCodes)
    case 'period':
      return b.op === 'period' && a.startMs === b.startMs && a.endMs === b.endMs
    default:
      return b.op === a.op && a.reference === b.reference
  }
}

/** How many single tests the expression holds. */
export function countTests(filter: DataFilter): number {
  if (filter.op === 'not') return countTests(filter.of)
  if (filter.op !== 'and' && filter.op !== 'or') return 1
  return filter.of.reduce((count, part) => count + countTests(part), 0)
}

function equalLists<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => same(item, b[i] as T)))
}

function equalCodes(a: Code, b: Code): boolean {
  return a.code === b.code && a.system === b.system
}

function flatten(op: 'and' | 'or', filters: readonly DataFilter[]): readonly DataFilter[] {
  return filters.some((filter) => filter.op === op)
    ? filters.flatMap((filter) => (filter.op === op ? filter.of : [filter]))
    : filters
}

function distinct(filters: readonly DataFilter[]): readonly DataFilter[] {
  return filters.filter((filter, i) => filters.findIndex((other) => equal(filter, other)) === i)
}

/** A resource has one type, so tests on it intersect. */
function joinTypes(filters: readonly DataFilter[]): readonly DataFilter[] {
  const lists = filters.flatMap((filter) => (filter.op === 'type' ? [filter.types] : []))
  if (lists.length < 2) return filters
  const types = lists.reduce((left, right) => left.filter((type) => right.includes(type)))
  return [typed(types), ...filters.filter(({ op }) => op !== 'type')]
}

/** Tests for one of several values unite. */
function joinLists(filters: readonly DataFilter[]): readonly DataFilter[] {
  const types = filters.flatMap((filter) => (filter.op === 'type' ? filter.types : []))
  const labels = filters.flatMap((filter) => (filter.op === 'label' ? filter.labels : []))
  const codes = filters.flatMap((filter) => (filter.op === 'code' ? filter.codes : []))
  const others = filters.filter(({ op }) => op !== 'type' && op !== 'label' && op !== 'code')
  return [
    ...(types.length > 0 ? [typed([...new Set(types)])] : []),
    ...(labels.length > 0 ? [{ op: 'label', labels: distinctCodes(labels) } as const] : []),
    ...(codes.length > 0 ? [{ op: 'code', codes: distinctCodes(codes) } as const] : []),
    ...others,
  ]
}

function distinctCodes(codes: readonly Code[]): readonly Code[] {
  return [...new Map(codes.map((code) => [`${code.system ?? ''}|${code.code}`, code])).values()]
}

/** The part of `filter` that none of `without` covers, as far as that can be seen from the expressions. */
function subtract(filter: DataFilter, without: readonly DataFilter[]): DataFilter {
  if (filter.op === 'or') return or(...filter.of.map((part) => subtract(part, without)))
  const refused = without.find(({ op }) => op === filter.op)
  if (!refused) return filter
  if (filter.op === 'type' && refused.op === 'type') {
    return typed(filter.types.filter((type) => !refused.types.includes(type)))
  }
  if (filter.op === 'label' && refused.op === 'label') {
    const labels = filter.labels.filter((label) => !refused.labels.some((other) => equalCodes(label, other)))
    return labels.length === 0 ? NONE : { op: 'label', labels }
  }
  return without.some((other) => equal(filter, other)) ? NONE : filter
}

function typed(types: readonly string[]): DataFilter {
  return types.length === 0 ? NONE : { op: 'type', types }
}

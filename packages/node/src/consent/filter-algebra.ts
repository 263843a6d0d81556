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
export function equal(a: DataFilter, b: DataFilter): boolean {
  return a === b || (a.op === b.op && JSON.stringify(a) === JSON.stringify(b))
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

function equalCodes(a: Code, b: Code): boolean {
  return a.code === b.code && a.system === b.system
}

function typed(types: readonly string[]): DataFilter {
  return types.length === 0 ? NONE : { op: 'type', types }
}

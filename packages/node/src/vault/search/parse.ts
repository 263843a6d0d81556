/** The query string of a search as a SearchRequest (FHIR R4 section 3.1.1). */
import { SalusError } from '@salus/core'
import {
  INCLUDES_MAX,
  PAGE_COUNT_DEFAULT,
  PAGE_COUNT_MAX,
  QUERY_BYTES_MAX,
  SEARCH_PARAMETERS_MAX,
} from '../../limits.ts'
import { CURSOR_LENGTH_MAX } from '../cursor.ts'
import { isResourceType } from '../definitions/definitions.ts'
import { parseDateRange } from '../index/dates.ts'
import { indexKind, parametersOf } from '../index/parameters.ts'
import type { PathUse } from '../index/paths.ts'
import type { Criterion, Include, ParsedSearch, SortKey } from './criteria.ts'
import { type ParseContext, parseParameter, unknownParameter, unsupportedModifier } from './parameter.ts'
import type { SearchRequest } from './request.ts'
import { malformed } from './values.ts'

export type QueryPairs = readonly (readonly [name: string, value: string])[]

/** Name under which the `next` of a page is given back. */
export const CURSOR_PARAMETER = '_cursor'

/** Keys that results may be sorted by: their values travel in cursors. */
const SORT_KEYS_MAX = 8

/** Parameters of the REST API that are not about searching. */
const IGNORED = new Set(['_format', '_pretty'])
const SUMMARIES = new Set(['true', 'text', 'data', 'count', 'false'])
const TOTALS = new Set(['none', 'estimate', 'accurate'])

export interface ParseOptions {
  /** Ignores unknown parameters instead of refusing them (`Prefer: handling=lenient`). */
  readonly lenient?: boolean
  /** The node's own FHIR URL without a final slash. */
  readonly baseUrl?: string
  /** Another URL under which the requester sees this node: references that start with it are local too. */
  readonly gatewayUrl?: string
  /** Restricts the search to the compartment of this Patient id (`Patient/[id]/Observation?…`). */
  readonly compartment?: string
  readonly now?: () => number
}

/** What the parameters that are not criteria say; filled while the pairs are read. */
interface Controls {
  types: readonly string[] | null
  count: number
  total: SearchRequest['total']
  summary: SearchRequest['summary']
  elements: readonly string[]
  sort: readonly SortKey[]
  cursor: string | null
  readonly includes: Include[]
}

/**
 * Parses a search on `type`, or on all types for null.
 * @throws SalusError `search-parameter-unknown`, `search-parameter-unsupported`, `search-modifier-unsupported`,
 *   `search-value-malformed`, `search-chain-too-long`, `search-chain-too-broad`, `search-too-many-values`,
 *   `search-too-many-parameters`, `search-too-long`, `cursor-invalid`
 */
export function parseSearch(type: string | null, pairs: QueryPairs, options: ParseOptions = {}): SearchRequest {
  checkSize(pairs)
  const { lenient = false, baseUrl = '', gatewayUrl, compartment, now = Date.now } = options
  const bases = gatewayUrl === undefined ? [baseUrl] : [baseUrl, gatewayUrl]
  const context: ParseContext = { bases, nowMs: now(), links: 0, work: { steps: 0 }, patients: new Set() }
  const controls: Controls = {
    types: type === null ? null : [type],
    count: PAGE_COUNT_DEFAULT,
    total: 'accurate',
    summary: 'false',
    elements: [],
    sort: [],
    cursor: null,
    includes: [],
  }
  for (const [name, value] of pairs) if (name === '_type' && type === null) controls.types = resourceTypes(value)
  const criteria: Criterion[] = []
  if (compartment !== undefined) {
    criteria.push({ kind: 'compartment', patient: compartment })
    context.patients.add(compartment)
  }
  const applied: [string, string][] = []
  for (const [name, value] of pairs) {
    // An empty parameter says nothing (section 3.1.1.3).
    if (value === '' || IGNORED.has(name)) continue
    try {
      if (!readControl(controls, type, name, value)) criteria.push(criterionOf(controls.types, name, value, context))
      if (name !== CURSOR_PARAMETER) applied.push([name, value])
    } catch (error) {
      if (!lenient || !isIgnorable(error)) throw error
    }
  }
  const query = JSON.stringify([type, compartment ?? null, applied.filter(([name]) => !PAGING.has(name))])
  const parsed: ParsedSearch = { ...controls, criteria, query }
  const { count, total, summary, elements } = controls
  return { type, applied, patients: [...context.patients], count, total, summary, elements, criteria: parsed }
}

/** What may change between the pages of one search. */
const PAGING = new Set(['_count', '_total', '_elements', '_summary'])

/** Unknown parameters only: of a known one an unsupported modifier is refused in any handling (section 3.1.1.4.4). */
function isIgnorable(error: unknown): boolean {
  const codes = ['search-parameter-unknown', 'search-parameter-unsupported']
  return error instanceof SalusError && codes.includes(error.code)
}

function checkSize(pairs: QueryPairs): void {
  if (pairs.length > SEARCH_PARAMETERS_MAX) {
    throw new SalusError('search-too-many-parameters', 'too many search parameters', { SEARCH_PARAMETERS_MAX })
  }
  let length = 0
  for (const [name, value] of pairs) {
    // A cursor has a bound of its own.
    if (name !== CURSOR_PARAMETER) length += name.length + value.length + 2
  }
  if (length > QUERY_BYTES_MAX) throw new SalusError('search-too-long', 'the query is too long', { QUERY_BYTES_MAX })
}

function resourceTypes(value: string): string[] {
  const types = value.split(',').filter((type) => type !== '')
  if (types.length === 0 || !types.every(isResourceType)) throw malformed('_type', 'unknown resource types')
  return [...new Set(types)]
}

/** Takes up a parameter that controls the result; false when it is a criterion. */
function readControl(controls: Controls, type: string | null, name: string, value: string): boolean {
  switch (name) {
    case '_type':
      return type === null
    case '_count':
      controls.count = countOf(value)
      return true
    case '_total':
      controls.total = oneOf<SearchRequest['total']>(TOTALS, name, value)
      return true
    case '_summary':
      controls.summary = oneOf<SearchRequest['summary']>(SUMMARIES, name, value)
      return true
    case '_elements':
      controls.elements = value.split(',').map((element) => element.trim())
      return true
    case '_sort':
      controls.sort = sortKeys(controls.types, value)
      return true
    case CURSOR_PARAMETER:
      if (value.length > CURSOR_LENGTH_MAX) throw new SalusError('cursor-invalid', 'the cursor is too long')
      controls.cursor = value
      return true
  }
  const match = /^_(rev)?include(?::(iterate|recurse))?$/.exec(name)
  if (!match) {
    refuseModifier(name)
    return false
  }
  if (controls.includes.length >= INCLUDES_MAX) {
    throw new SalusError('search-too-many-parameters', 'too many includes', { INCLUDES_MAX })
  }
  controls.includes.push(includeOf(value, match[1] !== undefined, match[2] !== undefined))
  return true
}

const CONTROLS = new Set(['_type', '_count', '_total', '_summary', '_elements', '_sort', '_include', '_revinclude'])

function refuseModifier(name: string): void {
  const colon = name.indexOf(':')
  const control = name.slice(0, Math.max(colon, 0))
  if (CONTROLS.has(control)) throw unsupportedModifier(control, name.slice(colon + 1))
}

function oneOf<T extends string>(allowed: ReadonlySet<string>, name: string, value: string): T {
  if (!allowed.has(value)) throw malformed(name, 'not one of the values it takes')
  return value as T
}

function countOf(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw malformed('_count', 'no whole number')
  return Math.min(Number(value), PAGE_COUNT_MAX)
}

/** A parameter of several types is searched under the paths of all of them; each type must have it. */
function criterionOf(types: readonly string[] | null, name: string, value: string, context: ParseContext): Criterion {
  const [first = 'Resource', ...others] = types ?? []
  // Without a type only the parameters of every resource are known; any type will do to find them.
  if (types === null) {
    if (!name.startsWith('_')) throw unknownParameter(null, name)
    return parseParameter('Basic', name, value, context)
  }
  const criterion = parseParameter(first, name, value, context)
  return others.reduce((joined, type) => joinUses(joined, parseParameter(type, name, value, context)), criterion)
}

function joinUses(a: Criterion, b: Criterion): Criterion {
  if ((a.kind === 'values' && b.kind === 'values') || (a.kind === 'missing' && b.kind === 'missing')) {
    return { ...a, uses: uniqueUses([...a.uses, ...b.uses]) }
  }
  if (a.kind === 'chain' && b.kind === 'chain') return { kind: 'chain', links: [...a.links, ...b.links] }
  if (a.kind === 'composite' && b.kind === 'composite') {
    return { kind: 'composite', alternatives: [...a.alternatives, ...b.alternatives] }
  }
  return a
}

function uniqueUses(uses: readonly PathUse[]): PathUse[] {
  return [...new Map(uses.map((use) => [`${use.path.id} ${use.target}`, use])).values()]
}

function sortKeys(types: readonly string[] | null, value: string): SortKey[] {
  const keys = value.split(',')
  if (keys.length > SORT_KEYS_MAX) {
    throw new SalusError('search-too-many-parameters', 'too many keys to sort by', { SORT_KEYS_MAX })
  }
  return keys.map((key) => sortKey(types, key.trim()))
}

function sortKey(types: readonly string[] | null, key: string): SortKey {
  const descending = key.startsWith('-')
  const code = descending ? key.slice(1) : key
  if (code === '_id') return { by: 'id', uses: [], descending }
  if (code === '_lastUpdated') return { by: 'updated', uses: [], descending }
  const parameters = (types ?? ['Basic']).map((type) => {
    const parameter = types === null && !code.startsWith('_') ? undefined : parametersOf(type).get(code)
    if (!parameter) throw unknownParameter(type, code)
    return parameter
  })
  const [{ type } = { type: 'special' as const }] = parameters
  if (type === 'composite' || type === 'special' || parameters.some((other) => other.type !== type)) {
    throw new SalusError('search-parameter-unsupported', 'results cannot be sorted by this parameter', {
      parameter: code,
    })
  }
  return { by: indexKind(type), uses: uniqueUses(parameters.flatMap((parameter) => parameter.uses)), descending }
}

/** `*`, `Source:*`, `Source:parameter` or `Source:parameter:Target`. */
function includeOf(value: string, reverse: boolean, iterate: boolean): Include {
  const [source = '', code = '*', target, more] = value.split(':')
  if (source === '*') return { reverse, iterate, source: null, uses: null, target: null }
  if (!isResourceType(source) || more !== undefined || (target !== undefined && !isResourceType(target))) {
    throw malformed(reverse ? '_revinclude' : '_include', 'Source:parameter:Target')
  }
  if (code === '*') return { reverse, iterate, source, uses: null, target: target ?? null }
  const parameter = parametersOf(source).get(code)
  if (parameter?.type !== 'reference') throw unknownParameter(source, code)
  return { reverse, iterate, source, uses: parameter.uses, target: target ?? null }
}

/**
 * Parses the parameters of `Patient/[id]/$everything`: `_type`, `_since`, `_count`, `start` and `end` (clinical date).
 * @throws SalusError as `parseSearch`
 */
export function parseEverything(pairs: QueryPairs, options: ParseOptions = {}): SearchRequest {
  const own = new Set(['_since', 'start', 'end'])
  const request = parseSearch(
    null,
    pairs.filter(([name]) => !own.has(name)),
    options,
  )
  const parsed = request.criteria as ParsedSearch
  const value = (name: string): string | undefined => pairs.find(([other]) => other === name)?.[1]
  const range = (name: string) => {
    const text = value(name)
    if (text === undefined || text === '') return undefined
    const found = parseDateRange(text.replace(/ (?=\d{2}:\d{2}$)/, '+'))
    if (!found) throw malformed(name, 'no date')
    return found
  }
  const criteria: Criterion[] = [...parsed.criteria]
  const since = range('_since')
  if (since) criteria.push({ kind: 'updated', values: [{ kind: 'date', prefix: 'ge', ...since }] })
  const start = range('start')
  const end = range('end')
  if (start || end) criteria.push({ kind: 'clinical', startMs: start?.startMs ?? null, endMs: end?.endMs ?? null })
  const applied = [...request.applied, ...pairs.filter(([name, text]) => own.has(name) && text !== '')]
  const query = JSON.stringify(['everything', parsed.query, value('_since'), value('start'), value('end')])
  return { ...request, applied, criteria: { ...parsed, criteria, query } }
}

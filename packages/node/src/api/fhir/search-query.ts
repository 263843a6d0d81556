/** Between the query strings of HTTP and the vault's parsed searches. */
import { SalusError } from '@salus/core'
import { parseSearch } from '../../vault/search/parse.ts'
import type { SearchRequest } from '../../vault/search/request.ts'
import { parsePrefer } from './headers.ts'
import type { FhirRequest } from './interaction.ts'
import { scopedTypes } from './scopes.ts'

/** The parameter that continues a search. */
export const CURSOR = '_cursor'

/** Parameters of HTTP and of presentation, which select nothing. */
const PRESENTATION: ReadonlySet<string> = new Set([
  '_format',
  '_pretty',
  '_summary',
  '_elements',
  '_count',
  '_total',
  '_sort',
  '_maxresults',
])

/** True for parameters that select resources. */
export function isCriterion(name: string): boolean {
  return !PRESENTATION.has(name)
}

type Pair = readonly [name: string, value: string]

/** Which resources are searched: those of a type, or all; within the record of a patient, if one is given. */
export interface SearchScope {
  readonly type: string | null
  readonly patient?: string
}

/** A search with the names of the parameters that were passed over. */
export interface WantedSearch {
  readonly search: SearchRequest
  readonly ignored: readonly string[]
}

/**
 * The search that a request asks for. A search over all types is narrowed to those that the token's scopes cover.
 * @throws SalusError `search-…`, `insufficient-scope`
 */
export function readSearch({ principal, query, headers }: FhirRequest, scope: SearchScope): WantedSearch {
  const pairs = parameters(query)
  const narrowed = scope.type === null ? withinScopes(pairs, scopedTypes(principal, 'search')) : pairs
  return parse(narrowed, headers.prefer, scope)
}

/**
 * What `$everything` asks for; its `_since` is a search by `_lastUpdated`.
 * @throws SalusError `search-…`, `insufficient-scope`
 */
export function readEverything({ principal, query, headers }: FhirRequest, cursor?: string | null): WantedSearch {
  const given = parameters(query).filter(([name]) => cursor === undefined || name !== CURSOR)
  const pairs = given.map(([name, value]): Pair => (name === '_since' ? ['_lastUpdated', `ge${value}`] : [name, value]))
  if (typeof cursor === 'string') pairs.push([CURSOR, cursor])
  return parse(withinScopes(pairs, scopedTypes(principal, 'read')), headers.prefer, { type: null })
}

function parse(pairs: readonly Pair[], prefer: string | undefined, { type, patient }: SearchScope): WantedSearch {
  const strict = parsePrefer(prefer).handling === 'strict'
  return parseSearch(type, pairs, { strict, ...(patient === undefined ? {} : { patient }) })
}

/** The same parameters with `_type` narrowed to `types`; null stands for all. */
function withinScopes(pairs: readonly Pair[], types: readonly string[] | null): Pair[] {
  if (types === null) return [...pairs]
  const asked = pairs.filter(([name]) => name === '_type').map(([, value]) => value.split(','))
  const left = types.filter((type) => asked.every((list) => list.includes(type)))
  if (left.length === 0) throw new SalusError('insufficient-scope', 'the access token covers none of these types')
  return [...pairs.filter(([name]) => name !== '_type'), ['_type', left.join(',')]]
}

/**
 * The search of a condition. Unknown parameters are refused, because passing them over would widen what is written.
 * @throws SalusError `condition-malformed`, `search-…`
 */
export function parseCondition(type: string, query: string, count: number): SearchRequest {
  const criteria = parameters(query).filter(([name]) => isCriterion(name))
  if (criteria.length === 0) throw new SalusError('condition-malformed', 'the condition selects nothing')
  return parseSearch(type, [...criteria, ['_count', String(count)]], { strict: true }).search
}

function parameters(query: string): Pair[] {
  return [...new URLSearchParams(query)].filter(([name]) => name !== '_format' && name !== '_pretty')
}

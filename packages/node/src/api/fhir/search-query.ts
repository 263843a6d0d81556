/** Between the query strings of HTTP and the vault's parsed searches. */
import { SalusError } from '@salus/core'
import { isPassedOver } from '../../audit/audit-search.ts'
import { requireScope } from '../../auth/scopes.ts'
import { CURSOR_PARAMETER, type ParseOptions, parseEverything, parseSearch } from '../../vault/search/parse.ts'
import type { SearchRequest } from '../../vault/search/request.ts'
import { parsePrefer } from './headers.ts'
import type { FhirRequest, FhirServer } from './interaction.ts'
import { scopedTypes } from './scopes.ts'

/** Parameters of HTTP and of presentation, which select nothing. */
const PRESENTATION: ReadonlySet<string> = new Set([
  '_format',
  '_pretty',
  '_summary',
  '_elements',
  '_count',
  '_total',
  '_sort',
  CURSOR_PARAMETER,
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

export interface WantedSearch {
  readonly search: SearchRequest
  /** Names of parameters that were passed over. */
  readonly ignored: readonly string[]
  /** Where the page begins; null for the first one. */
  readonly cursor: string | null
}

/**
 * The search that a request asks for. A search over all types is narrowed to those that the token's scopes cover.
 * @throws SalusError `search-…`, `insufficient-scope`
 */
export function readSearch(server: FhirServer, request: FhirRequest, { type, patient }: SearchScope): WantedSearch {
  const { principal, query } = request
  const pairs = parameters(query)
  requireChainScopes(principal, pairs)
  const narrowed = type === null ? withinScopes(pairs, scopedTypes(principal, 'search')) : pairs
  const options = { ...optionsOf(server, request), ...(patient === undefined ? {} : { compartment: patient }) }
  const answered =
    type === 'AuditEvent' && options.lenient ? narrowed.filter((pair) => !isPassedOver(...pair)) : narrowed
  return wanted(narrowed, parseSearch(type, answered, options))
}

/**
 * What `$everything` asks for, beginning at `cursor` instead of the request's own, unless that is undefined.
 * @throws SalusError `search-…`, `insufficient-scope`
 */
export function readEverything(server: FhirServer, request: FhirRequest, cursor?: string | null): WantedSearch {
  const own = parameters(request.query)
  const given = cursor === undefined ? own : own.filter(([name]) => name !== CURSOR_PARAMETER)
  const placed = typeof cursor === 'string' ? [...given, [CURSOR_PARAMETER, cursor] as const] : given
  const pairs = withinScopes(placed, scopedTypes(request.principal, 'read'))
  return wanted(pairs, parseEverything(pairs, optionsOf(server, request)))
}

/**
 * The search of a condition. Unknown parameters are refused, because passing them over would widen what is written.
 * @throws SalusError `condition-malformed`, `insufficient-scope`, `search-…`
 */
export function readCondition(
  baseUrl: string,
  { principal, linkBase }: FhirRequest,
  type: string,
  query: string,
  count: number,
): SearchRequest {
  const criteria = parameters(query).filter(([name, value]) => isCriterion(name) && value !== '')
  if (criteria.length === 0) throw new SalusError('condition-malformed', 'the condition selects nothing')
  requireChainScopes(principal, criteria)
  const pairs: readonly Pair[] = [...criteria, ['_count', String(count)], ['_total', 'none']]
  return parseSearch(type, pairs, { baseUrl, gatewayUrl: linkBase })
}

function parameters(query: string): Pair[] {
  return [...new URLSearchParams(query)]
}

function optionsOf({ fhirBase }: FhirServer, { headers, linkBase }: FhirRequest): ParseOptions {
  return { baseUrl: fhirBase, gatewayUrl: linkBase, lenient: parsePrefer(headers.prefer).handling === 'lenient' }
}

function wanted(pairs: readonly Pair[], search: SearchRequest): WantedSearch {
  const applied = new Set(search.applied.map(([name, value]) => `${name}=${value}`))
  const isIgnored = ([name, value]: Pair): boolean =>
    value !== '' && !applied.has(`${name}=${value}`) && isCriterion(name)
  const ignored = [...new Set(pairs.filter(isIgnored).map(([name]) => name))]
  const cursor = pairs.find(([name]) => name === CURSOR_PARAMETER)?.[1] ?? null
  return { search, ignored, cursor }
}

/** The same parameters with `_type` narrowed to `types`; null stands for all. */
function withinScopes(pairs: readonly Pair[], types: readonly string[] | null): readonly Pair[] {
  if (types === null) return pairs
  const asked = pairs.filter(([name]) => name === '_type').map(([, value]) => value.split(','))
  const left = types.filter((type) => asked.every((list) => list.includes(type)))
  if (left.length === 0) throw new SalusError('insufficient-scope', 'the access token covers none of these types')
  return [...pairs.filter(([name]) => name !== '_type'), ['_type', left.join(',')]]
}

/**
 * Chains and `_has` search by the content of other resources, whose types only the definitions tell; so they need a
 * scope for all types.
 */
function requireChainScopes(principal: FhirRequest['principal'], pairs: readonly Pair[]): void {
  const isChain = ([name]: Pair): boolean => name.includes('.') || name.startsWith('_has:')
  if (pairs.some(isChain)) requireScope(principal, '*', 'search')
}

/**
 * Searches of AuditEvents as SQL over the journal. The vault's parser has read the query already, against the
 * standard's own SearchParameters; of what it can express this answers the parameters below and refuses the rest by
 * name, so that nothing is passed over in silence.
 */
import { isSalusError, SalusError, toHex } from '@salus/core'
import type { Scope } from '../consent/permit.ts'
import { allOf, among, anyOf, FALSE, type Sql, sql, TRUE } from '../db/sql.ts'
import { parseDisclosureId } from '../disclosure/journal.ts'
import type { Files } from '../files/files.ts'
import { definitions } from '../vault/definitions/definitions.ts'
import { parametersOf } from '../vault/index/parameters.ts'
import type { PathUse } from '../vault/index/paths.ts'
import type { Criterion, DateValue, ParsedSearch, SortKey, Value } from '../vault/search/criteria.ts'
import { MEMBER_SYSTEM, OUTCOMES } from './audit-event.ts'

/** The standard's search parameters that are answered, besides `_id` and `_lastUpdated`. */
export const SUPPORTED = ['agent', 'date', 'entity', 'outcome', 'patient'] as const
type Supported = (typeof SUPPORTED)[number]

export interface AuditSearchParts {
  readonly files: Files
  /** This member's id. */
  readonly custodian: string
}

// The parser hands over paths of the definitions: they say which parameter a criterion was.
const codeByPaths = new Map([...parametersOf('AuditEvent').values()].map(({ code, uses }) => [pathsOf(uses), code]))
const OUTCOME_SYSTEM = definitions.codes['audit-event-outcome']?.system

function pathsOf(uses: readonly PathUse[]): string {
  return uses.map(({ path, target }) => `${path.text} ${target}`).join()
}

/** True for a search of AuditEvents and nothing else. */
export function isAuditSearch({ types }: ParsedSearch): boolean {
  return types?.length === 1 && types[0] === 'AuditEvent'
}

/**
 * The conditions on rows `d` of the journal.
 * @throws SalusError `search-parameter-unsupported`, `search-modifier-unsupported`
 */
export function auditSql(parts: AuditSearchParts, criteria: readonly Criterion[]): Sql {
  return allOf(criteria.map((criterion) => criterionSql(parts, criterion)))
}

function criterionSql(parts: AuditSearchParts, criterion: Criterion): Sql {
  switch (criterion.kind) {
    case 'id':
      if (criterion.negated) throw unsupportedModifier('_id')
      return anyOf(criterion.ids.map(idSql))
    case 'never':
      return criterion.never ? FALSE : TRUE
    case 'updated':
      return anyOf(criterion.values.map(timeSql))
    case 'compartment':
      return fileSql(parts, criterion.patient)
    case 'values': {
      const code = supported(codeByPaths.get(pathsOf(criterion.uses)))
      if (criterion.negated) throw unsupportedModifier(code)
      return anyOf(criterion.values.map((value) => valueSql(parts, code, value)))
    }
    case 'missing':
      return missingSql(parts, supported(codeByPaths.get(pathsOf(criterion.uses))), criterion.missing)
    default:
      throw new SalusError('search-modifier-unsupported', 'AuditEvents are not searched by chains, _has or composites')
  }
}

function supported(code: string | undefined): Supported {
  const found = SUPPORTED.find((one) => one === code)
  if (found === undefined) throw unsupported(code)
  return found
}

function unsupported(parameter: string | undefined): SalusError {
  return new SalusError('search-parameter-unsupported', 'this server cannot search AuditEvents by this parameter', {
    type: 'AuditEvent',
    parameter,
  })
}

function unsupportedModifier(parameter: string): SalusError {
  return new SalusError('search-modifier-unsupported', 'the search parameter does not take this modifier', {
    parameter,
  })
}

function valueSql(parts: AuditSearchParts, code: Supported, value: Value): Sql {
  // A reference by URL to elsewhere is none of ours.
  if (value.kind === 'uri') return FALSE
  if (code === 'date' && value.kind === 'date') return timeSql(value)
  if (code === 'outcome' && value.kind === 'token') return outcomeSql(value.system, value.code)
  if (code === 'agent' && value.kind === 'token') return foreignPractitionerSql(parts, value.system, value.code)
  if (value.kind !== 'reference') throw unsupportedModifier(code)
  if (code === 'agent') return agentSql(parts, value.types, value.id)
  return value.types.includes('Patient') ? fileSql(parts, value.id) : FALSE
}

/** Every event has all of these, but for the patient of a file that was erased (or never had one). */
function missingSql({ files }: AuditSearchParts, code: Supported, missing: boolean): Sql {
  if (code !== 'patient') return missing ? FALSE : TRUE
  const erased = sql`(SELECT value FROM json_each(${JSON.stringify(files.erased())}))`
  return missing ? sql`d.file_id IN ${erased}` : sql`d.file_id NOT IN ${erased}`
}

/** An id that is none of the journal's matches nothing. */
function idSql(id: string): Sql {
  const place = placeOf(id)
  return place === undefined ? FALSE : sql`(d.file_id = ${place.fileId} AND d.sequence = ${place.sequence})`
}

/** The file (hexadecimal) and the sequence that an event's id names; undefined for any other id. */
export function placeOf(id: string): { readonly fileId: string; readonly sequence: number } | undefined {
  try {
    const { fileId, sequence } = parseDisclosureId(id)
    return { fileId: toHex(fileId), sequence }
  } catch (error) {
    if (isSalusError(error, 'disclosure-unknown')) return undefined
    throw error
  }
}

function fileSql({ files }: AuditSearchParts, patient: string): Sql {
  const file = files.byPatient(patient)
  return file === undefined || file.patient === null ? FALSE : sql`d.file_id = ${file.fileId}`
}

/** The moment of an event against the inclusive range of a date (FHIR R4 section 3.1.1.5.3). */
function timeSql({ prefix, startMs, endMs }: DateValue): Sql {
  switch (prefix) {
    case 'eq':
    case 'ap':
      return sql`(d.time_ms BETWEEN ${startMs} AND ${endMs})`
    case 'ne':
      return sql`(d.time_ms NOT BETWEEN ${startMs} AND ${endMs})`
    case 'gt':
    case 'sa':
      return sql`d.time_ms > ${endMs}`
    case 'lt':
    case 'eb':
      return sql`d.time_ms < ${startMs}`
    case 'ge':
      return sql`d.time_ms >= ${startMs}`
    case 'le':
      return sql`d.time_ms <= ${endMs}`
  }
}

/** The code's system is the one of the element's binding, and may be left out. */
function outcomeSql(system: string | null | undefined, code: string | undefined): Sql {
  if (typeof system === 'string' && system !== OUTCOME_SYSTEM) return FALSE
  if (code === undefined) return TRUE
  if (code === OUTCOMES.permit) return sql`d.decision = 'permit'`
  return code === OUTCOMES.deny ? sql`d.decision = 'deny'` : FALSE
}

/** Every event has this member's Organization among its agents, as the server. */
function agentSql({ custodian }: AuditSearchParts, types: readonly string[], id: string): Sql {
  const organization = id === custodian ? TRUE : sql`d.requester = ${id}`
  const practitioner = sql`(d.practitioner = ${`Practitioner/${id}`} AND d.requester = ${custodian})`
  return anyOf([
    types.includes('Organization') ? organization : FALSE,
    types.includes('Practitioner') ? practitioner : FALSE,
  ])
}

/** `agent:identifier`: another member's practitioner, as that member names them. */
function foreignPractitionerSql(
  { custodian }: AuditSearchParts,
  system: string | null | undefined,
  code: string | undefined,
): Sql {
  const foreign = sql`d.requester <> ${custodian} AND d.practitioner IS NOT NULL`
  const named = code === undefined ? foreign : sql`d.practitioner = ${code} AND ${foreign}`
  if (system === undefined) return sql`(${named})`
  if (system === null || !system.startsWith(`${MEMBER_SYSTEM}:`)) return FALSE
  return sql`(d.requester = ${system.slice(MEMBER_SYSTEM.length + 1)} AND ${named})`
}

/** True when the permit covers the whole record of the file's patient; of an erased patient only operators see it. */
export function coversFile(scope: Scope, operator: boolean, patient: string | null): boolean {
  if (scope.others === 'none') return false
  if (patient === null) return operator
  return (scope.files.get(patient)?.op ?? 'all') === 'all'
}

/** The same for rows `d`. */
export function coverSql({ files }: AuditSearchParts, scope: Scope, operator: boolean): Sql {
  if (scope.others === 'none') return FALSE
  const hidden = [...scope.files].flatMap(([patient, { op }]) => {
    const fileId = op === 'all' ? undefined : files.byPatient(patient)?.fileId
    return fileId === undefined ? [] : [fileId]
  })
  return allOf([
    hidden.length === 0 ? TRUE : sql`d.file_id NOT IN ${among(hidden)}`,
    // One parameter for all of them: a database bounds how many there may be.
    operator ? TRUE : sql`d.file_id NOT IN (SELECT value FROM json_each(${JSON.stringify(files.erased())}))`,
  ])
}

/**
 * True for the newest first, which is also the order where none is asked for.
 * @throws SalusError `search-parameter-unsupported`
 */
export function newestFirst(sort: readonly SortKey[]): boolean {
  const [key, second] = sort
  if (key === undefined) return true
  const code = key.by === 'updated' ? 'date' : codeByPaths.get(pathsOf(key.uses))
  if (code !== 'date' || second !== undefined) throw unsupported('_sort')
  return key.descending
}

/** True for a parameter that the standard has for AuditEvents and that is not answered: lenient searches pass it over. */
export function isPassedOver(name: string, value: string): boolean {
  const [code = ''] = name.split(/[:.]/, 1)
  if (code === '_include' || code === '_revinclude') return true
  if (code === '_sort') return !['date', '-date', '_lastUpdated', '-_lastUpdated'].includes(value)
  return parametersOf('AuditEvent').has(code) && !SUPPORTED.some((one) => one === code)
}

/** @throws SalusError `search-parameter-unsupported` */
export function refuseIncludes({ includes }: ParsedSearch): void {
  const [include] = includes
  if (include !== undefined) throw unsupported(include.reverse ? '_revinclude' : '_include')
}

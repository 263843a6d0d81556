/** Searches and `$everything`: criteria, order, page and includes composed into queries, all under the permit. */
import type { Permit } from '../../consent/permit.ts'
import { allOf, allRows, anyOf, list, type Sql, sql } from '../../db/sql.ts'
import { SEARCH_FILES_MAX } from '../../limits.ts'
import type { CursorValue } from '../cursor.ts'
import { scopeSql } from '../filter-sql.ts'
import type { HistoryParts } from '../history.ts'
import { STATE } from '../schema.ts'
import { OWNER_JOIN, openVersions, VERSION_COLUMNS, type VersionRow } from '../versions.ts'
import type { ParsedSearch } from './criteria.ts'
import { compartmentSql, criteriaSql } from './criteria-sql.ts'
import { includedKeys } from './includes.ts'
import type { SearchPage, SearchRequest } from './request.ts'
import { afterSql, orderSql, sortColumns } from './sort.ts'

export type SearchParts = HistoryParts

type PageRow = VersionRow & Readonly<Record<`s${number}`, CursorValue>>

/** Bodies that one query of included resources fetches. */
const FETCHED_MAX = 1000

/** @throws SalusError `cursor-invalid`, `search-too-many-included` */
export function executeSearch(parts: SearchParts, permit: Permit, request: SearchRequest): Promise<SearchPage> {
  const parsed = request.criteria as ParsedSearch
  const where = criteriaSql(parsed.criteria, parsed.types, permit.scope, 'r')
  return page(parts, permit, request, parsed, where)
}

/** The patient, the patient's compartment, and what belongs to nobody but is referred to from there. */
export function executeEverything(
  parts: SearchParts,
  permit: Permit,
  patient: string,
  request: SearchRequest,
): Promise<SearchPage> {
  const parsed = request.criteria as ParsedSearch
  const { scope } = permit
  const referred = sql`(r.patient IS NULL AND r.key IN (SELECT t.target FROM vault_reference t
    JOIN vault_resource o ON o.key = t.resource
    WHERE ${allOf([compartmentSql(patient, 'o'), sql`o.state = ${STATE.current}`, scopeSql(scope, 'o')])}))`
  const record = scope.general ? anyOf([compartmentSql(patient, 'r'), referred]) : compartmentSql(patient, 'r')
  const where = allOf([record, criteriaSql(parsed.criteria, parsed.types, scope, 'r')])
  const bound = { ...parsed, query: JSON.stringify([parsed.query, patient]) }
  return page(parts, permit, request, bound, where)
}

async function page(
  parts: SearchParts,
  permit: Permit,
  request: SearchRequest,
  parsed: ParsedSearch,
  where: Sql,
): Promise<SearchPage> {
  const { read, cursors } = parts
  const position = parsed.cursor === null ? null : cursors.read(parsed.query, parsed.cursor)
  const countOnly = request.summary === 'count' || request.count === 0
  const rows = countOnly ? [] : await pageRows(parts, parsed, where, position, request.count + 1)
  const shown = rows.slice(0, request.count)
  const complete = !countOnly && position === null && rows.length <= request.count
  const total = complete ? rows.length : await totalOf(parts, request, where, countOnly)
  const last = shown.at(-1)
  const more = rows.length > request.count && last !== undefined
  const keys = shown.map((row) => row.key)
  const included = parsed.includes.length === 0 ? [] : await includedKeys(read, permit.scope, parsed.includes, keys)
  return {
    total,
    matches: await openVersions(parts, shown),
    included: await openVersions(parts, await fetchRows(parts, included)),
    next: more ? cursors.write(parsed.query, positionOf(parsed, last)) : null,
    ...(countOnly && total !== 0 ? await countedPatients(parts, where) : {}),
  }
}

function pageRows(
  { read }: SearchParts,
  { sort }: ParsedSearch,
  where: Sql,
  position: readonly CursorValue[] | null,
  limit: number,
): Promise<PageRow[]> {
  const names = sort.map((_key, at) => sql.raw(`, f.s${at}`))
  const found = sql`SELECT r.key, r.seq${sortColumns(sort, 'r')} FROM vault_resource r WHERE ${where}`
  const after = position === null ? sql`` : sql` WHERE ${afterSql(sort, position)}`
  const keys = sql`SELECT * FROM (${found}) x${after} ${orderSql(sort)} LIMIT ${limit}`
  return allRows<PageRow>(
    read,
    sql`SELECT ${VERSION_COLUMNS}${sql.join(names, sql``)} FROM (${keys}) f JOIN vault_resource r ON r.key = f.key
      JOIN vault_version v ON v.seq = f.seq ${OWNER_JOIN}
      ${sql.raw(orderText(sort.map(({ descending }, at) => [`f.s${at}`, descending])))}`,
  )
}

function orderText(columns: readonly (readonly [string, boolean])[]): string {
  const parts = columns.map(([name, descending]) => `${name} IS NULL, ${name}${descending ? ' DESC' : ''}`)
  return `ORDER BY ${[...parts, 'f.key'].join(', ')}`
}

function positionOf({ sort }: ParsedSearch, row: PageRow): CursorValue[] {
  return [...sort.map((_key, at) => row[`s${at}`] ?? null), row.key]
}

async function totalOf(
  { read }: SearchParts,
  request: SearchRequest,
  where: Sql,
  countOnly: boolean,
): Promise<number | undefined> {
  if (request.total === 'none' && !countOnly) return undefined
  const query = sql`SELECT count(*) AS total FROM vault_resource r WHERE ${where}`
  const [row] = await allRows<{ total: number }>(read, query)
  return row?.total ?? 0
}

/** Whose resources a total counts; a total over more patients than a requester may name tells little of any of them. */
async function countedPatients({ read }: SearchParts, where: Sql): Promise<Pick<SearchPage, 'counted'>> {
  const found = sql`SELECT r.key, r.patient FROM vault_resource r WHERE r.patient IS NOT NULL AND ${where}`
  const owners = sql`WITH f AS (${found}) SELECT f.patient FROM f
    UNION SELECT s.patient FROM f JOIN vault_shared s ON s.resource = f.key LIMIT ${SEARCH_FILES_MAX + 1}`
  const query = sql`SELECT p.id FROM vault_resource p WHERE p.key IN (SELECT patient FROM (${owners}) o)`
  const rows = await allRows<{ id: string }>(read, query)
  return rows.length > SEARCH_FILES_MAX ? {} : { counted: rows.map(({ id }) => id) }
}

async function fetchRows({ read }: SearchParts, keys: readonly number[]): Promise<VersionRow[]> {
  const rows: VersionRow[] = []
  for (let at = 0; at < keys.length; at += FETCHED_MAX) {
    const query = sql`SELECT ${VERSION_COLUMNS}
      FROM vault_resource r JOIN vault_version v ON v.seq = r.seq ${OWNER_JOIN}
      WHERE r.key IN ${list(keys.slice(at, at + FETCHED_MAX))} ORDER BY r.key`
    rows.push(...(await allRows<VersionRow>(read, query)))
  }
  return rows
}

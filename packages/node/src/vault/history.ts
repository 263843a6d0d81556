/**
 * Old versions under a permit. The permit's filter is applied twice: to the current resource, in SQL like everywhere,
 * and to the version asked for, in memory over its own content, so that neither a label given later nor one taken
 * away opens what it closes. A deletion has no content and is judged by the version before it.
 */
import type { Resource } from '@medplum/fhirtypes'
import type { Permit, Scope } from '../consent/permit.ts'
import { allOf, allRows, column, type Sql, sql } from '../db/sql.ts'
import type { Cursors } from './cursor.ts'
import { typeNumber, typeOfNumber } from './definitions/definitions.ts'
import { covers, dependentsOf } from './filter-memory.ts'
import { coversAll, keySql, scopeSql } from './filter-sql.ts'
import { factsOf } from './index/facts.ts'
import { STATE } from './schema.ts'
import type { HistoryPage, HistoryRequest, StoredVersion } from './vault.ts'
import {
  type OpeningParts,
  OWNER_JOIN,
  openVersion,
  openVersions,
  VERSION_COLUMNS,
  type VersionRow,
} from './versions.ts'

export interface HistoryParts extends OpeningParts {
  readonly cursors: Cursors
}

/** Judges versions by their own content; references that `dependents` needs are loaded once. */
export class VersionJudge {
  private readonly parts: HistoryParts
  private readonly scope: Scope
  private readonly references = new Map<string, readonly string[]>()

  constructor(parts: HistoryParts, scope: Scope) {
    this.parts = parts
    this.scope = scope
  }

  /** True when the scope covers the content of this version, or of the last one before this deletion. */
  async covers(row: VersionRow): Promise<boolean> {
    if (coversAll(this.scope)) return true
    const version = await openVersion(this.parts, row)
    if (!version) return false
    if (!version.deleted) return this.coversText(version)
    const query = sql`SELECT ${VERSION_COLUMNS} FROM vault_version v JOIN vault_resource r ON r.key = v.resource
      ${OWNER_JOIN} WHERE v.resource = ${row.key} AND v.version < ${row.version} AND v.method <> 'DELETE'
      ORDER BY v.version DESC LIMIT 1`
    const [before] = await allRows<VersionRow>(this.parts.read, query)
    const last = before && (await openVersion(this.parts, before))
    return last !== undefined && this.coversText(last)
  }

  private async coversText({ text, patients }: StoredVersion): Promise<boolean> {
    const facts = factsOf(JSON.parse(text) as Resource & { id: string }, this.parts.base)
    const filters = patients.flatMap((patient) => this.scope.files.get(patient) ?? [])
    for (const reference of dependentsOf(filters)) await this.loadReferences(reference)
    return covers(this.scope, patients, facts, (reference) => this.references.get(reference) ?? [])
  }

  private async loadReferences(reference: string): Promise<void> {
    if (this.references.has(reference)) return
    const query = sql`SELECT DISTINCT r.type, r.id FROM vault_reference t JOIN vault_resource r ON r.key = t.target
      WHERE t.resource = ${keySql(reference)}`
    const rows = await allRows<Pick<VersionRow, 'type' | 'id'>>(this.parts.read, query)
    const names = rows.map((row) => `${typeOfNumber(row.type)}/${row.id}`)
    this.references.set(reference, names)
  }
}

/** Current resources by SQL; deleted ones are left to the judge. */
export function currentOrDeleted(scope: Scope): Sql {
  return sql`(r.state = ${STATE.deleted} OR (r.state = ${STATE.current} AND ${scopeSql(scope, 'r')}))`
}

/** The same for a query about one instance whose rows are all judged in memory. */
export function currentOrDeletedOfAnybody(): Sql {
  return sql`r.state IN (${STATE.current}, ${STATE.deleted})`
}

/** Patients of whom a permit may say something of their own before one instance is judged in memory and not in SQL. */
const SCOPE_FILES_MAX = 100

/** True for a scope that is too much for a query about one instance. */
export function isLarge(scope: Scope): boolean {
  return scope.files.size > SCOPE_FILES_MAX
}

/** Columns of a version in a history, which also tells what came before it. */
const HISTORY_COLUMNS = sql`${VERSION_COLUMNS}, (SELECT b.method FROM vault_version b
  WHERE b.resource = v.resource AND b.version = v.version - 1) AS before`

/**
 * Old versions that are opened and judged for the total of a history under a filter; where there are more, it has none.
 */
const JUDGED_VERSIONS_MAX = 10_000

/**
 * A page of history under the permit. SQL pages; where versions are judged by their content, no more of them are opened
 * than it takes to fill the page. The first page counts, and the cursor takes the total to those that follow.
 */
export async function readHistory(parts: HistoryParts, permit: Permit, request: HistoryRequest): Promise<HistoryPage> {
  const { cursor, count, ...asked } = request
  const query = JSON.stringify(['history', asked.type, asked.id, asked.sinceMs, asked.atMs])
  const [before, known] = cursor === undefined ? [null, null] : (parts.cursors.read(query, cursor) as Position)
  const from = sql`FROM vault_version v JOIN vault_resource r ON r.key = v.resource ${OWNER_JOIN}`
  const countRows = async (where: Sql): Promise<number> => {
    const [counted] = await allRows<{ total: number }>(parts.read, sql`SELECT count(*) AS total ${from} WHERE ${where}`)
    return counted?.total ?? 0
  }
  const rowsBefore = (where: Sql, seq: number | null, limit: number): Promise<VersionRow[]> => {
    const more = seq === null ? sql`` : sql` AND v.seq < ${seq}`
    const page = sql`SELECT ${HISTORY_COLUMNS} ${from} WHERE ${where}${more} ORDER BY v.seq DESC LIMIT ${limit}`
    return allRows<VersionRow>(parts.read, page)
  }
  const kept = [...asking(asked), sql`v.body IS NOT NULL`]
  if (coversAll(permit.scope)) {
    const where = allOf([...kept, currentOrDeleted(permit.scope)])
    return finish(parts, query, await rowsBefore(where, before, count + 1), known ?? (await countRows(where)), count)
  }
  const judge = new VersionJudge(parts, permit.scope)
  const inMemory = asked.id !== undefined && isLarge(permit.scope)
  const where = allOf([...kept, inMemory ? currentOrDeletedOfAnybody() : currentOrDeleted(permit.scope)])
  const judged = (row: VersionRow): Promise<boolean> => isCovered(judge, parts, row, inMemory)
  const { covered, isWhole } = await coveredRows(count, before, (seq) => rowsBefore(where, seq, count + 1), judged)
  if (before !== null) return finish(parts, query, covered, known, count)
  if (isWhole) return finish(parts, query, covered, covered.length, count)
  // What is current SQL has judged: only the others are opened.
  const current = inMemory ? sql`1 = 0` : sql`(v.seq = r.seq AND v.method <> 'DELETE')`
  const others = await rowsBefore(allOf([where, sql`NOT ${current}`]), null, JUDGED_VERSIONS_MAX + 1)
  if (others.length > JUDGED_VERSIONS_MAX) return finish(parts, query, covered, null, count)
  let total = await countRows(allOf([where, current]))
  for (const row of others) if (await judged(row)) total++
  return finish(parts, query, covered, total, count)
}

/** Where a page begins: after the version with this number. The total is null where it was not counted. */
type Position = [before: number, total: number | null]

/** Covered rows until there is one more than a page takes; `isWhole` when there are no others. */
async function coveredRows(
  count: number,
  before: number | null,
  next: (before: number | null) => Promise<VersionRow[]>,
  isCovered: (row: VersionRow) => Promise<boolean>,
): Promise<{ covered: VersionRow[]; isWhole: boolean }> {
  const covered: VersionRow[] = []
  let rows = await next(before)
  while (rows.length > 0) {
    for (const row of rows) {
      if (await isCovered(row)) covered.push(row)
      if (covered.length > count) return { covered, isWhole: false }
    }
    rows = rows.length > count ? await next((rows.at(-1) as VersionRow).seq) : []
  }
  return { covered, isWhole: true }
}

async function isCovered(judge: VersionJudge, parts: HistoryParts, row: VersionRow, inMemory: boolean) {
  if (row.seq === row.current_seq && row.method !== 'DELETE' && !inMemory) return true
  return (await judge.covers(row)) && coversCurrent(judge, parts, row.key, inMemory)
}

/** Whether the current content is covered: SQL has judged it, unless it is a deletion or all is judged `inMemory`. */
export async function coversCurrent(judge: VersionJudge, parts: HistoryParts, key: number, inMemory: boolean) {
  const query = sql`SELECT ${VERSION_COLUMNS} FROM vault_resource r JOIN vault_version v ON v.seq = r.seq
    ${OWNER_JOIN} WHERE r.key = ${key}`
  const [current] = await allRows<VersionRow>(parts.read, query)
  return current !== undefined && ((current.method !== 'DELETE' && !inMemory) || judge.covers(current))
}

function asking({ type, id, sinceMs, atMs }: Omit<HistoryRequest, 'count' | 'cursor'>): Sql[] {
  const conditions: Sql[] = []
  if (type !== undefined && id !== undefined) conditions.push(sql`v.resource = ${keySql(`${type}/${id}`)}`)
  else if (type !== undefined) conditions.push(sql`v.type = ${typeNumber(type)}`)
  if (sinceMs !== undefined) conditions.push(sql`${column('v', 'updated_ms')} >= ${sinceMs}`)
  if (atMs !== undefined) {
    conditions.push(sql`v.updated_ms <= ${atMs} AND NOT EXISTS (SELECT 1 FROM vault_version n
      WHERE n.resource = v.resource AND n.version = v.version + 1 AND n.updated_ms <= ${atMs})`)
  }
  return conditions
}

async function finish(
  parts: HistoryParts,
  query: string,
  rows: readonly VersionRow[],
  total: number | null,
  count: number,
): Promise<HistoryPage> {
  const page = rows.slice(0, count)
  const versions = await openVersions(parts, page)
  const last = page.at(-1)
  const next = rows.length > count && last ? parts.cursors.write(query, [last.seq, total]) : null
  return { total: total ?? undefined, versions, next }
}

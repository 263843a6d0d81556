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
  private readonly references: ReadonlyMap<string, readonly string[]>

  private constructor(parts: HistoryParts, scope: Scope, references: ReadonlyMap<string, readonly string[]>) {
    this.parts = parts
    this.scope = scope
    this.references = references
  }

  static async of(parts: HistoryParts, scope: Scope): Promise<VersionJudge> {
    const references = new Map<string, readonly string[]>()
    for (const reference of dependentsOf(scope)) {
      const query = sql`SELECT DISTINCT r.type, r.id FROM vault_reference t JOIN vault_resource r ON r.key = t.target
        WHERE t.resource = ${keySql(reference)}`
      const rows = await allRows<Pick<VersionRow, 'type' | 'id'>>(parts.read, query)
      references.set(
        reference,
        rows.map((row) => `${typeOfNumber(row.type)}/${row.id}`),
      )
    }
    return new VersionJudge(parts, scope, references)
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

  private coversText(version: StoredVersion): boolean {
    const resource = JSON.parse(version.text) as Resource & { id: string }
    const facts = factsOf(resource, this.parts.base)
    return covers(this.scope, version.patients, facts, (reference) => this.references.get(reference) ?? [])
  }
}

/** Current resources by SQL; deleted ones are left to the judge. */
export function currentOrDeleted(scope: Scope): Sql {
  return sql`(r.state = ${STATE.deleted} OR (r.state = ${STATE.current} AND ${scopeSql(scope, 'r')}))`
}

/** A page of history under the permit. */
export async function readHistory(parts: HistoryParts, permit: Permit, request: HistoryRequest): Promise<HistoryPage> {
  const { cursor, count, ...asked } = request
  const query = JSON.stringify(['history', asked.type, asked.id, asked.sinceMs, asked.atMs])
  const before = cursor === undefined ? null : (parts.cursors.read(query, cursor)[0] as number)
  const from = sql`FROM vault_version v JOIN vault_resource r ON r.key = v.resource ${OWNER_JOIN}`
  const where = sql`WHERE ${allOf([...asking(asked), sql`v.body IS NOT NULL`, currentOrDeleted(permit.scope)])}`
  if (coversAll(permit.scope)) {
    const counted = await allRows<{ total: number }>(parts.read, sql`SELECT count(*) AS total ${from} ${where}`)
    const more = before === null ? sql`` : sql` AND v.seq < ${before}`
    const page = sql`SELECT ${VERSION_COLUMNS} ${from} ${where}${more}
      ORDER BY v.seq DESC LIMIT ${count + 1}`
    return finish(parts, query, await allRows<VersionRow>(parts.read, page), counted[0]?.total ?? 0, count)
  }
  const all = sql`SELECT ${VERSION_COLUMNS} ${from} ${where} ORDER BY v.seq DESC`
  const judge = await VersionJudge.of(parts, permit.scope)
  const covered: VersionRow[] = []
  for (const row of await allRows<VersionRow>(parts.read, all))
    if (await isCovered(judge, parts, row)) covered.push(row)
  const rest = before === null ? covered : covered.filter((row) => row.seq < before)
  return finish(parts, query, rest.slice(0, count + 1), covered.length, count)
}

async function isCovered(judge: VersionJudge, parts: HistoryParts, row: VersionRow): Promise<boolean> {
  if (row.seq === row.current_seq && row.method !== 'DELETE') return true
  if (!(await judge.covers(row))) return false
  // Of a deleted resource SQL has judged nothing: its last content must be covered besides.
  const latest = sql`SELECT ${VERSION_COLUMNS}, r.state FROM vault_resource r JOIN vault_version v ON v.seq = r.seq
    ${OWNER_JOIN} WHERE r.key = ${row.key}`
  const [current] = await allRows<VersionRow & { state: number }>(parts.read, latest)
  return current !== undefined && (current.state === STATE.current || (await judge.covers(current)))
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
  total: number,
  count: number,
): Promise<HistoryPage> {
  const page = rows.slice(0, count)
  const versions = await openVersions(parts, page)
  const last = page.at(-1)
  const next = rows.length > count && last ? parts.cursors.write(query, [last.seq]) : null
  return { total, versions, next }
}

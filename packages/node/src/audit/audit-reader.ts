/**
 * AuditEvents for the FHIR API. They are not stored: a reader of the vault is given this coat, which answers for
 * AuditEvents out of the journal of disclosures and leaves all else to the vault.
 *
 * An event belongs to the record of the patient whose file it is about, and is covered by a permit for the whole of
 * that record alone: a part of a record says nothing about who saw the rest. Other members never see any.
 */

import { DisclosureEntry, decode, disclosureCommitment, SalusError } from '@salus/core'
import type { Permit } from '../consent/permit.ts'
import type { Queries } from '../db/database.ts'
import { allOf, allRows, FALSE, type Sql, sql } from '../db/sql.ts'
import { disclosureId, type Journal } from '../disclosure/journal.ts'
import type { OwnersOf } from '../gate/owners.ts'
import { SEARCH_FILES_MAX } from '../limits.ts'
import type { Cursors } from '../vault/cursor.ts'
import type { ParsedSearch } from '../vault/search/criteria.ts'
import type { SearchPage, SearchRequest } from '../vault/search/request.ts'
import type { StoredVersion, VaultReader } from '../vault/vault.ts'
import { auditEventOf } from './audit-event.ts'
import {
  type AuditSearchParts,
  auditSql,
  coverSql,
  coversFile,
  isAuditSearch,
  newestFirst,
  placeOf,
  refuseIncludes,
} from './audit-search.ts'

export interface AuditParts extends AuditSearchParts {
  readonly journal: Journal
  readonly cursors: Cursors
}

interface EventRow {
  readonly file_id: string
  readonly entry: Uint8Array
  readonly time_ms: number
  readonly item: number
}

/** `reader` with AuditEvents beside what it reads. They have one version, and no history. */
export function withAuditEvents(reader: VaultReader, parts: AuditParts): VaultReader {
  return {
    read: (permit, type, id) => (type === 'AuditEvent' ? readEvent(parts, permit, id) : reader.read(permit, type, id)),
    vread: async (permit, type, id, version) => {
      if (type !== 'AuditEvent') return reader.vread(permit, type, id, version)
      return version === '1' ? readEvent(parts, permit, id) : undefined
    },
    history: async (permit, request) => {
      if (request.type !== 'AuditEvent') return reader.history(permit, request)
      throw new SalusError('history-unsupported', 'AuditEvents never change and have no history')
    },
    search: async (permit, request) => {
      const parsed = request.criteria as ParsedSearch
      return isAuditSearch(parsed) ? searchEvents(parts, permit, request, parsed) : reader.search(permit, request)
    },
    everything: (permit, patient, request) => reader.everything(permit, patient, request),
  }
}

/** `ownersOf` with AuditEvents beside what it knows: an event belongs to its patient, and to nobody once erased. */
export function withAuditOwners(ownersOf: OwnersOf, parts: Pick<AuditParts, 'journal' | 'files'>): OwnersOf {
  return async (type, id) => {
    if (type !== 'AuditEvent') return ownersOf(type, id)
    const row = await eventRow(parts, id)
    if (row === undefined) return undefined
    const patient = patientOf(parts, row)
    return patient === null ? [] : [patient]
  }
}

function patientOf({ files }: Pick<AuditParts, 'files'>, row: EventRow): string | null {
  return files.byId(row.file_id)?.patient ?? null
}

async function eventRow({ journal }: Pick<AuditParts, 'journal'>, id: string): Promise<EventRow | undefined> {
  const place = placeOf(id)
  if (place === undefined) return undefined
  const read = await journal.settled()
  return read.get<EventRow>(
    `SELECT d.file_id, e.entry, d.time_ms, d.item FROM disclosure d JOIN journal_entry e ON e.item = d.item
     WHERE d.file_id = ? AND d.sequence = ?`,
    [place.fileId, place.sequence],
  )
}

async function readEvent(parts: AuditParts, permit: Permit, id: string): Promise<StoredVersion | undefined> {
  const row = await eventRow(parts, id)
  if (row === undefined) return undefined
  const patient = patientOf(parts, row)
  return coversFile(permit.scope, permit.request.operator, patient) ? versionOf(row, patient) : undefined
}

/** The commitment is that of the entry, which the ledger has; the salt opens it together with the entry. */
function versionOf(row: EventRow, patient: string | null): StoredVersion {
  const entry = decode(DisclosureEntry, new Uint8Array(row.entry))
  return {
    type: 'AuditEvent',
    id: disclosureId(row.file_id, entry.sequence),
    version: '1',
    lastUpdatedMs: entry.timeMs,
    deleted: false,
    method: 'POST',
    patient,
    patients: patient === null ? [] : [patient],
    text: JSON.stringify(auditEventOf(entry, patient)),
    commitment: disclosureCommitment(entry),
    salt: entry.salt,
  }
}

/** @throws SalusError `search-parameter-unsupported`, `search-modifier-unsupported`, `cursor-invalid` */
async function searchEvents(
  parts: AuditParts,
  permit: Permit,
  request: SearchRequest,
  parsed: ParsedSearch,
): Promise<SearchPage> {
  refuseIncludes(parsed)
  const descending = newestFirst(parsed.sort)
  const asked = auditSql(parts, parsed.criteria)
  const where = allOf([asked, coverSql(parts, permit.scope, permit.request.operator)])
  const position = parsed.cursor === null ? null : parts.cursors.read(parsed.query, parsed.cursor)
  const countOnly = request.summary === 'count' || request.count === 0
  const after = position === null ? [] : [afterSql(position as readonly number[], descending)]
  const read = await parts.journal.settled()
  const rows = countOnly ? [] : await pageRows(read, allOf([where, ...after]), descending, request.count + 1)
  const shown = rows.slice(0, request.count)
  const complete = !countOnly && position === null && rows.length <= request.count
  const last = rows.length > request.count ? shown.at(-1) : undefined
  return {
    total: complete ? rows.length : await totalOf(read, request, where, countOnly),
    matches: shown.map((row) => versionOf(row, patientOf(parts, row))),
    included: [],
    next: last === undefined ? null : parts.cursors.write(parsed.query, [last.time_ms, last.item]),
    ...(countOnly ? await countedPatients(parts, read, where) : {}),
  }
}

/** Whose events a total counts, as the vault tells of its own. */
async function countedPatients(parts: AuditParts, read: Queries, where: Sql): Promise<Pick<SearchPage, 'counted'>> {
  if (where === FALSE) return {}
  const query = sql`SELECT DISTINCT d.file_id FROM disclosure d WHERE ${where} LIMIT ${SEARCH_FILES_MAX + 1}`
  const rows = await allRows<Pick<EventRow, 'file_id'>>(read, query)
  const patients = rows.flatMap((row) => parts.files.byId(row.file_id)?.patient ?? [])
  return rows.length > SEARCH_FILES_MAX ? {} : { counted: patients }
}

/** Events of one moment are in the order in which they were written. */
function afterSql([timeMs = 0, item = 0]: readonly number[], descending: boolean): Sql {
  return descending ? sql`(d.time_ms, d.item) < (${timeMs}, ${item})` : sql`(d.time_ms, d.item) > (${timeMs}, ${item})`
}

function pageRows(read: Queries, where: Sql, descending: boolean, limit: number): Promise<EventRow[]> {
  if (where === FALSE) return Promise.resolve([])
  const order = sql.raw(descending ? 'd.time_ms DESC, d.item DESC' : 'd.time_ms, d.item')
  // Sorted without the entries, which are then fetched for the page alone.
  const page = sql`SELECT d.item FROM disclosure d WHERE ${where} ORDER BY ${order} LIMIT ${limit}`
  return allRows<EventRow>(
    read,
    sql`SELECT d.file_id, e.entry, d.time_ms, d.item FROM disclosure d JOIN journal_entry e ON e.item = d.item
      WHERE d.item IN (${page}) ORDER BY ${order}`,
  )
}

async function totalOf(
  read: Queries,
  request: SearchRequest,
  where: Sql,
  countOnly: boolean,
): Promise<number | undefined> {
  if (request.total === 'none' && !countOnly) return undefined
  const [row] = await allRows<{ total: number }>(read, sql`SELECT count(*) AS total FROM disclosure d WHERE ${where}`)
  return row?.total ?? 0
}

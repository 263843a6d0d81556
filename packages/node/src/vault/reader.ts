/** The reading half of the vault: every query carries the permit's scope. */
import type { Permit } from '../consent/permit.ts'
import { allRows, sql } from '../db/sql.ts'
import { isResourceType, typeNumber } from './definitions/definitions.ts'
import {
  coversCurrent,
  currentOrDeleted,
  currentOrDeletedOfAnybody,
  isLarge,
  readHistory,
  VersionJudge,
} from './history.ts'
import { executeEverything, executeSearch, type SearchParts } from './search/execute.ts'
import type { SearchPage, SearchRequest } from './search/request.ts'
import type { HistoryPage, HistoryRequest, StoredVersion, VaultReader } from './vault.ts'
import { OWNER_JOIN, openVersion, VERSION_COLUMNS, type VersionRow } from './versions.ts'

const VERSION = /^[1-9]\d{0,14}$/

export class Reader implements VaultReader {
  private readonly parts: SearchParts

  constructor(parts: SearchParts) {
    this.parts = parts
  }

  async read(permit: Permit, type: string, id: string): Promise<StoredVersion | undefined> {
    return this.one(permit, type, id, null)
  }

  async vread(permit: Permit, type: string, id: string, version: string): Promise<StoredVersion | undefined> {
    return VERSION.test(version) ? this.one(permit, type, id, Number(version)) : undefined
  }

  private async one(permit: Permit, type: string, id: string, version: number | null) {
    if (!isResourceType(type)) return undefined
    const { read } = this.parts
    const { scope } = permit
    const inMemory = isLarge(scope)
    const visible = inMemory ? currentOrDeletedOfAnybody() : currentOrDeleted(scope)
    const join = version === null ? sql`v.seq = r.seq` : sql`v.resource = r.key AND v.version = ${version}`
    const query = sql`SELECT ${VERSION_COLUMNS} FROM vault_resource r
      JOIN vault_version v ON ${join} ${OWNER_JOIN}
      WHERE r.type = ${typeNumber(type)} AND r.id = ${id} AND ${visible}`
    const [row] = await allRows<VersionRow>(read, query)
    if (!row) return undefined
    const isCurrent = row.seq === row.current_seq
    if (isCurrent && row.method !== 'DELETE' && !inMemory) return openVersion(this.parts, row)
    const judge = new VersionJudge(this.parts, scope)
    if (!(await judge.covers(row))) return undefined
    if (!isCurrent && !(await coversCurrent(judge, this.parts, row.key, inMemory))) return undefined
    return openVersion(this.parts, row)
  }

  history(permit: Permit, request: HistoryRequest): Promise<HistoryPage> {
    return readHistory(this.parts, permit, request)
  }

  search(permit: Permit, request: SearchRequest): Promise<SearchPage> {
    return executeSearch(this.parts, permit, request)
  }

  everything(permit: Permit, patient: string, request: SearchRequest): Promise<SearchPage> {
    return executeEverything(this.parts, permit, patient, request)
  }
}

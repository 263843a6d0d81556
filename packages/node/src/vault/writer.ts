/**
 * The writing half of the vault. One write is one transaction in five steps, each over all changes, so that resources
 * of one bundle may refer to each other in any order: load the rows that the changes touch, settle whose records they
 * belong to, check references between records, make the versions, insert the rows.
 */
import type { KeyObject } from 'node:crypto'
import type { Resource } from '@medplum/fhirtypes'
import { commitVersion, randomBytes, SalusError, utf8 } from '@salus/core'
import { CONFIDENTIALITY_SYSTEM } from '../consent/labels.ts'
import type { Database, Queries, SqlValue } from '../db/database.ts'
import type { DataKeys } from './data-keys.ts'
import { isResourceType, typeNumber, typeOfNumber } from './definitions/definitions.ts'
import { SALT_BYTES, sealBody } from './envelope.ts'
import { eraseRecord } from './erase.ts'
import { NO_SPELLINGS, type NumberSpellings, writeFhirJson } from './fhir-json.ts'
import { type ExtractedIndex, extractIndex } from './index/extract.ts'
import type { LocalReference } from './index/references.ts'
import { deleteIndexRows, IndexRows } from './index-rows.ts'
import { compartmentPatients, mayLinkPatients } from './owners.ts'
import { insertRows } from './rows.ts'
import { LABEL, STATE } from './schema.ts'
import type { SystemNumbers } from './system-numbers.ts'
import type { Change, StoredVersion, VaultWriter } from './vault.ts'

const ID = /^[A-Za-z0-9.-]{1,64}$/

/** Called inside the transaction of every write, with all its versions in the order of the changes. */
export type OnVersions = (transaction: Queries, versions: readonly StoredVersion[]) => Promise<void>

export interface WriterParts {
  readonly database: Database
  readonly dataKeys: DataKeys
  readonly systems: SystemNumbers
  /** The vault's own FHIR URL, '' for none: absolute references below it are local. */
  readonly base: string
  readonly onVersions: OnVersions | undefined
  readonly now: () => number
}

/** A row of `vault_resource` as the write sees it. `owners` are patients' keys, the first one first. */
interface Target {
  readonly key: number
  readonly type: string
  readonly id: string
  /** State, version and time before the write. */
  state: number
  readonly version: number
  readonly updatedMs: number
  /** True when the row is not in the table yet. */
  readonly fresh: boolean
  owners: readonly number[]
}

interface Planned {
  readonly change: Change
  readonly target: Target
  readonly index: ExtractedIndex | null
  readonly patients: readonly string[]
}

interface ResourceRow {
  readonly key: number
  readonly type: number
  readonly id: string
  readonly state: number
  readonly version: number
  readonly updated_ms: number
  readonly patient: number | null
  readonly shared: number
}

export class Writer implements VaultWriter {
  private readonly parts: WriterParts
  private nextKey: number
  private nextSeq: number

  /** `lastKey` and `lastSeq` are the highest in use. */
  constructor(parts: WriterParts, lastKey: number, lastSeq: number) {
    this.parts = parts
    this.nextKey = lastKey + 1
    this.nextSeq = lastSeq + 1
  }

  async write(changes: readonly Change[]): Promise<readonly StoredVersion[]> {
    const { one, versions } = await this.parts.database.write(async (transaction) => {
      const one = new OneWrite(
        this.parts,
        transaction,
        () => this.nextKey++,
        () => this.nextSeq++,
      )
      const versions = await one.apply(changes)
      await this.parts.onVersions?.(transaction, versions)
      return { one, versions }
    })
    one.keep()
    return versions
  }

  async erase(patient: string): Promise<void> {
    const { database, dataKeys } = this.parts
    const key = await database.write((transaction) => eraseRecord(transaction, patient))
    if (key === undefined) return
    dataKeys.forget(key)
    await database.scrub()
  }
}

class OneWrite {
  private readonly parts: WriterParts
  private readonly transaction: Queries
  private readonly newKey: () => number
  private readonly newSeq: () => number
  private readonly targets = new Map<string, Target>()
  private readonly changed = new Map<string, Planned>()
  private readonly changedKeys = new Set<number>()
  private readonly dataKeys = new Map<number, KeyObject>()
  private readonly systems = new Map<string, number>()
  private readonly rows = new IndexRows()
  private readonly resourceValues: SqlValue[] = []
  private readonly sharedValues: SqlValue[] = []
  private readonly versionValues: SqlValue[] = []
  private readonly timeMs: number

  constructor(parts: WriterParts, transaction: Queries, newKey: () => number, newSeq: () => number) {
    this.parts = parts
    this.transaction = transaction
    this.newKey = newKey
    this.newSeq = newSeq
    this.timeMs = parts.now()
  }

  /** Remembers what the write made for the next ones; to be called once it is durable. */
  keep(): void {
    this.parts.dataKeys.keepAll(this.dataKeys)
    this.parts.systems.keep(this.systems)
  }

  async apply(changes: readonly Change[]): Promise<StoredVersion[]> {
    const planned: Planned[] = []
    for (const change of changes) planned.push(await this.plan(change))
    for (const one of planned) await this.loadReferences(one)
    for (const one of planned) await this.settleOwners(one, 0)
    for (const one of planned) await this.checkReferences(one)
    const versions: StoredVersion[] = []
    for (const one of planned) versions.push(await this.store(one))
    await this.insertMentioned()
    await this.insert()
    return versions
  }

  private async plan(change: Change): Promise<Planned> {
    const type = change.kind === 'put' ? change.resource.resourceType : change.type
    const id = change.kind === 'put' ? change.resource.id : change.id
    if (!isResourceType(type) || !ID.test(id)) throw new SalusError('resource-invalid', 'unknown type or invalid id')
    const name = `${type}/${id}`
    if (this.changed.has(name)) throw new SalusError('resource-repeated', 'two changes of one resource', { type })
    const target = await this.target({ type, id })
    if (change.ifVersion !== undefined) checkVersion(change.ifVersion, target)
    if (change.kind === 'delete' && target.state !== STATE.current && target.state !== STATE.erased) {
      throw new SalusError('resource-absent', 'there is no such resource', { type })
    }
    if (target.state === STATE.erased) throw new SalusError('patient-erased', 'the record was erased', { type })
    const put = change.kind === 'put'
    const planned: Planned = {
      change,
      target,
      index: put ? extractIndex(change.resource, this.parts.base) : null,
      patients: put ? compartmentPatients(change.resource, this.parts.base) : [],
    }
    this.changed.set(name, planned)
    this.changedKeys.add(target.key)
    return planned
  }

  /** The row of a resource, loaded or, when it is new to the vault, made up to be inserted. */
  private async target(reference: LocalReference): Promise<Target> {
    const name = `${reference.type}/${reference.id}`
    const known = this.targets.get(name)
    if (known) return known
    const sql =
      'SELECT key, type, id, state, version, updated_ms, patient, shared FROM vault_resource WHERE type = ? AND id = ?'
    const row = await this.transaction.get<ResourceRow>(sql, [typeNumber(reference.type), reference.id])
    const target: Target = row
      ? { ...(await this.loaded(row)), ...reference }
      : { key: this.newKey(), ...reference, state: STATE.mentioned, version: 0, updatedMs: 0, fresh: true, owners: [] }
    this.targets.set(name, target)
    return target
  }

  private async loaded(row: ResourceRow): Promise<Target> {
    const { key, state, version, updated_ms: updatedMs, patient, shared } = row
    let owners = patient === null ? [] : [patient]
    if (shared === 1) {
      const sql = 'SELECT patient FROM vault_shared WHERE resource = ?'
      const rest = await this.transaction.all<{ patient: number }>(sql, [key])
      owners = [...new Set([...owners, ...rest.map((other) => other.patient)])]
    }
    return { key, type: typeOfNumber(row.type), id: row.id, state, version, updatedMs, fresh: false, owners }
  }

  private async loadReferences({ index }: Planned): Promise<void> {
    if (!index) return
    for (const reference of index.references) await this.target(reference)
    for (const row of index.reference) await this.target(row)
    for (const { system } of index.token) if (system !== null) await this.loadSystem(system)
    for (const { system } of index.quantity) if (system !== null) await this.loadSystem(system)
  }

  private async loadSystem(uri: string): Promise<void> {
    if (!this.systems.has(uri)) await this.parts.systems.findOrCreate(this.transaction, uri, this.systems)
  }

  /** Depth is bounded because references may form circles, and few layers inherit. */
  private async settleOwners(planned: Planned, depth: number): Promise<readonly number[]> {
    const { target, patients, index } = planned
    if (!index) return target.owners
    const owners = new Set<number>()
    for (const id of patients) owners.add((await this.target({ type: 'Patient', id })).key)
    if (owners.size === 0 && depth < 4) {
      for (const reference of index.references) {
        const name = `${reference.type}/${reference.id}`
        const other = this.changed.get(name)
        const inherited = other?.index ? await this.settleOwners(other, depth + 1) : this.targets.get(name)?.owners
        for (const owner of inherited ?? []) owners.add(owner)
      }
    }
    target.owners = [...owners]
    return target.owners
  }

  private async checkReferences({ target, index }: Planned): Promise<void> {
    if (!index) return
    for (const owner of target.owners) {
      if ((await this.stateOf(owner)) === STATE.erased) {
        throw new SalusError('patient-erased', 'the record was erased', { type: target.type })
      }
    }
    if (target.owners.length === 0) return
    for (const reference of index.references) {
      const other = this.targets.get(`${reference.type}/${reference.id}`)
      if (!other || other.owners.length === 0 || mayLinkPatients(target.type, other.type)) continue
      if (other.owners.some((owner) => target.owners.includes(owner))) continue
      throw new SalusError('cross-patient-reference', 'a reference leads into the record of another patient', {
        type: target.type,
        target: other.type,
      })
    }
  }

  private readonly states = new Map<number, number>()

  private async stateOf(key: number): Promise<number> {
    const known = this.states.get(key)
    if (known !== undefined) return known
    const row = await this.transaction.get<{ state: number }>('SELECT state FROM vault_resource WHERE key = ?', [key])
    const state = row?.state ?? STATE.mentioned
    this.states.set(key, state)
    return state
  }

  private async store(planned: Planned): Promise<StoredVersion> {
    const { change, target, index } = planned
    const { type, id } = target
    const version = String(target.version + 1)
    const updatedMs = Math.max(this.timeMs, target.updatedMs + 1)
    const text = change.kind === 'put' ? versionText(change.resource, change.spellings, version, updatedMs) : ''
    const [owner] = target.owners
    const key = await this.parts.dataKeys.findOrCreate(this.transaction, owner ?? 0, this.dataKeys)
    const { body, commitment, salt } = seal(key, type, id, version, text)
    const seq = this.newSeq()
    const method = change.kind === 'put' ? change.method : 'DELETE'
    this.versionValues.push(
      ...[seq, target.key, typeNumber(type), target.version + 1, updatedMs, method, owner ?? null, commitment, body],
    )
    await this.storeResource(planned, target.version + 1, updatedMs, seq)
    if (index) this.rows.add(target.key, index, this.systems, (reference) => this.keyOf(reference))
    const patients: string[] = []
    for (const one of target.owners) patients.push(await this.patientId(one))
    return {
      type,
      id,
      version,
      lastUpdatedMs: updatedMs,
      deleted: text === '',
      method,
      patient: patients[0] ?? null,
      patients,
      text,
      commitment,
      salt,
    }
  }

  private keyOf(reference: LocalReference): number {
    return (this.targets.get(`${reference.type}/${reference.id}`) as Target).key
  }

  private readonly patientIds = new Map<number, string>()

  private async patientId(key: number): Promise<string> {
    let id = this.patientIds.get(key)
    if (id === undefined) {
      const inWrite = [...this.targets.values()].find((target) => target.key === key)
      const sql = 'SELECT id FROM vault_resource WHERE key = ?'
      id = inWrite?.id ?? ((await this.transaction.get<{ id: string }>(sql, [key])) as { id: string }).id
      this.patientIds.set(key, id)
    }
    return id
  }

  private async storeResource({ target, index }: Planned, version: number, updatedMs: number, seq: number) {
    const { key, type, id, fresh, owners } = target
    const state = index ? STATE.current : STATE.deleted
    const shared = owners.length > 1 ? 1 : 0
    const label = index ? labelClass(index) : LABEL.none
    const clinical = index?.clinical
    const values = [state, version, updatedMs, seq, owners[0] ?? null, shared, label]
    const dates = [clinical?.startMs ?? null, clinical?.endMs ?? null]
    if (fresh) {
      this.resourceValues.push(key, typeNumber(type), id, ...values, ...dates)
    } else {
      if (target.version > 0) await deleteIndexRows(this.transaction, key)
      await this.transaction.run(UPDATE_RESOURCE, [...values, ...dates, key])
      await this.transaction.run('DELETE FROM vault_shared WHERE resource = ?', [key])
      if (target.version === 0 && owners.length > 0) await this.adopt(key, owners)
    }
    if (shared === 1) for (const owner of owners) this.sharedValues.push(key, owner)
    target.state = state
  }

  /** What referred to this resource before it existed, and belonged to nobody, now belongs to its patients. */
  private async adopt(key: number, owners: readonly number[]): Promise<void> {
    const sql = `SELECT key FROM vault_resource WHERE patient IS NULL AND state = ?
      AND key IN (SELECT resource FROM vault_reference WHERE target = ?)`
    const shared = owners.length > 1 ? 1 : 0
    for (const orphan of await this.transaction.all<{ key: number }>(sql, [STATE.current, key])) {
      // What this write changes has settled its owners itself.
      if (this.changedKeys.has(orphan.key)) continue
      const update = 'UPDATE vault_resource SET patient = ?, shared = ? WHERE key = ?'
      await this.transaction.run(update, [owners[0] as number, shared, orphan.key])
      if (shared === 1) for (const owner of owners) this.sharedValues.push(orphan.key, owner)
    }
  }

  /** Rows of resources that are only referred to. */
  private async insertMentioned(): Promise<void> {
    for (const target of this.targets.values()) {
      if (!target.fresh || this.changed.has(`${target.type}/${target.id}`)) continue
      const values = [STATE.mentioned, 0, 0, 0, null, 0, LABEL.none, null, null]
      this.resourceValues.push(target.key, typeNumber(target.type), target.id, ...values)
    }
  }

  private async insert(): Promise<void> {
    await insertRows(this.transaction, 'vault_resource', RESOURCE_COLUMNS, this.resourceValues)
    await insertRows(this.transaction, 'vault_shared', ['resource', 'patient'], this.sharedValues)
    await insertRows(this.transaction, 'vault_version', VERSION_COLUMNS, this.versionValues)
    await this.rows.insert(this.transaction)
  }
}

const STATE_COLUMNS = ['state', 'version', 'updated_ms', 'seq', 'patient', 'shared', 'label']
const DATE_COLUMNS = ['clinical_start_ms', 'clinical_end_ms']
const RESOURCE_COLUMNS = ['key', 'type', 'id', ...STATE_COLUMNS, ...DATE_COLUMNS]
const UPDATE_RESOURCE = `UPDATE vault_resource SET ${[...STATE_COLUMNS, ...DATE_COLUMNS]
  .map((column) => `${column} = ?`)
  .join(', ')} WHERE key = ?`
const VERSION_COLUMNS = ['seq', 'resource', 'type', 'version', 'updated_ms', 'method', 'patient', 'commitment', 'body']

function checkVersion(ifVersion: string, target: Target): void {
  const exists = target.state === STATE.current
  if (ifVersion === (exists ? String(target.version) : '0')) return
  throw new SalusError('version-conflict', 'the current version is another one', { type: target.type, ifVersion })
}

function labelClass(index: ExtractedIndex): number {
  if (index.labels.length === 0) return LABEL.none
  return index.labels.some((label) => label.system === CONFIDENTIALITY_SYSTEM) ? LABEL.confidentiality : LABEL.other
}

function seal(key: KeyObject, type: string, id: string, version: string, text: string) {
  const salt = randomBytes(SALT_BYTES)
  const bytes = utf8(text)
  return {
    body: sealBody(key, type, id, version, salt, bytes),
    commitment: commitVersion(type, id, version, bytes, salt),
    salt,
  }
}

/** The exact text of a version: type, id and meta first, the rest in the order it came. */
function versionText(
  resource: Resource & { id: string },
  spellings: NumberSpellings | undefined,
  version: string,
  updatedMs: number,
): string {
  const { resourceType, id, meta, ...rest } = resource
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {}
  const own = { versionId: version, lastUpdated: new Date(updatedMs).toISOString(), ...kept }
  const stored = { resourceType, id, meta: own, ...rest }
  const top = spellings?.get(resource)
  const known = spellings === undefined ? NO_SPELLINGS : top ? new Map([...spellings, [stored, top]]) : spellings
  return writeFhirJson(stored, known)
}

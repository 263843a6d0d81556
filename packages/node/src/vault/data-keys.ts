/** The data keys of patients as the vault uses them: made on first use, kept open in memory within a bound. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { randomBytes } from '@salus/core'
import type { Queries } from '../db/database.ts'
import { KEY_BYTES, type KeyRing } from './keys.ts'

const OPEN_KEYS_MAX = 10_000

export class DataKeys {
  private readonly ring: KeyRing
  /** Only keys whose rows are committed. */
  private readonly open = new Map<number, KeyObject>()

  constructor(ring: KeyRing) {
    this.ring = ring
  }

  /** The key of a patient by the patient's number, 0 for the node's own; undefined when destroyed. */
  async find(read: Queries, patient: number): Promise<KeyObject | undefined> {
    const known = this.open.get(patient)
    if (known) return known
    const key = await this.load(read, patient)
    if (key) this.keep(patient, key)
    return key
  }

  /** The same inside one transaction, which must go on with the map it began with and `keep` it once durable. */
  async findOrCreate(transaction: Queries, patient: number, own: Map<number, KeyObject>): Promise<KeyObject> {
    const known = own.get(patient) ?? this.open.get(patient)
    if (known) return known
    const key = (await this.load(transaction, patient)) ?? (await this.create(transaction, patient))
    own.set(patient, key)
    return key
  }

  keepAll(own: ReadonlyMap<number, KeyObject>): void {
    for (const [patient, key] of own) this.keep(patient, key)
  }

  forget(patient: number): void {
    this.open.delete(patient)
  }

  private async load(queries: Queries, patient: number): Promise<KeyObject | undefined> {
    const sql = 'SELECT wrapped FROM vault_key WHERE patient = ?'
    const row = await queries.get<{ wrapped: Uint8Array }>(sql, [patient])
    return row && createSecretKey(this.ring.unwrap(keyName(patient), row.wrapped))
  }

  private async create(transaction: Queries, patient: number): Promise<KeyObject> {
    const key = randomBytes(KEY_BYTES)
    const wrapped = this.ring.wrap(keyName(patient), key)
    await transaction.run('INSERT INTO vault_key (patient, wrapped) VALUES (?, ?)', [patient, wrapped])
    return createSecretKey(key)
  }

  private keep(patient: number, key: KeyObject): void {
    if (this.open.size >= OPEN_KEYS_MAX) this.open.delete(this.open.keys().next().value as number)
    this.open.set(patient, key)
  }
}

function keyName(patient: number): string {
  return `patient/${patient}`
}

/** The data keys of patients as the vault uses them: made on first use, kept open in memory within a bound. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { randomBytes } from '@salus/core'
import type { Queries } from '../db/database.ts'
import { KEY_BYTES, type KeyRing } from './keys.ts'

const OPEN_KEYS_MAX = 10_000

export class DataKeys {
  private readonly ring: KeyRing
  private readonly open = new Map<number, KeyObject>()

  constructor(ring: KeyRing) {
    this.ring = ring
  }

  /** The key of a patient by the patient's number, 0 for the node's own; undefined when destroyed. */
  async find(queries: Queries, patient: number): Promise<KeyObject | undefined> {
    const known = this.open.get(patient)
    if (known) return known
    const sql = 'SELECT wrapped FROM vault_key WHERE patient = ?'
    const row = await queries.get<{ wrapped: Uint8Array }>(sql, [patient])
    return row && this.keep(patient, this.ring.unwrap(keyName(patient), row.wrapped))
  }

  /** The same, made when absent. */
  async findOrCreate(transaction: Queries, patient: number): Promise<KeyObject> {
    const known = await this.find(transaction, patient)
    if (known) return known
    const key = randomBytes(KEY_BYTES)
    const wrapped = this.ring.wrap(keyName(patient), key)
    await transaction.run('INSERT INTO vault_key (patient, wrapped) VALUES (?, ?)', [patient, wrapped])
    return this.keep(patient, key)
  }

  /** Forgets open keys: one, or all when a transaction failed that may have made some. */
  forget(patient?: number): void {
    if (patient === undefined) this.open.clear()
    else this.open.delete(patient)
  }

  private keep(patient: number, key: Uint8Array): KeyObject {
    if (this.open.size >= OPEN_KEYS_MAX) this.open.delete(this.open.keys().next().value as number)
    const object = createSecretKey(key)
    this.open.set(patient, object)
    return object
  }
}

function keyName(patient: number): string {
  return `patient/${patient}`
}

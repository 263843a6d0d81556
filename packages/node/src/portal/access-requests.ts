/**
 * Requests for access: another member's clinician asks a patient for consent. The custodian passes the question on and
 * says nothing in return, so nobody learns by asking whether somebody is a patient here.
 */
import { randomUUID } from 'node:crypto'
import { SalusError } from '@salus/core'
import type { Database } from '../db/database.ts'
import type { Files } from '../files/files.ts'
import { ACCESS_REQUESTS_OPEN_MAX } from '../limits.ts'
import type { PatientEvents } from './events.ts'

export interface NewAccessRequest {
  /** A Patient id here, known or not. */
  readonly patient: string
  /** The member that asks. */
  readonly requester: string
  readonly practitioner: string | null
  /** As the asking member names its clinician. */
  readonly practitionerName: string
  readonly purpose: string
  /** Resource types; empty for all. */
  readonly types: readonly string[]
  readonly message: string
}

export interface AccessRequest extends Omit<NewAccessRequest, 'patient'> {
  readonly id: string
  readonly status: 'open' | 'granted' | 'declined'
  readonly madeAtMs: number
}

interface Row {
  readonly id: string
  readonly requester: string
  readonly practitioner: string | null
  readonly practitioner_name: string
  readonly purpose: string
  readonly types: string
  readonly message: string
  readonly status: AccessRequest['status']
  readonly made_at_ms: number
}

export class AccessRequests {
  readonly #database: Database
  readonly #files: Files
  readonly #events: PatientEvents

  constructor(database: Database, files: Files, events: PatientEvents) {
    this.#database = database
    this.#files = files
    this.#events = events
  }

  /** Keeps a request for the patient to see; one from the same clinician that is still open is replaced. */
  async add(request: NewAccessRequest, nowMs: number): Promise<void> {
    const { patient, requester, practitioner, practitionerName, purpose, types, message } = request
    const file = this.#files.byPatient(patient)
    if (file === undefined) return
    await this.#database.write(async (transaction) => {
      await transaction.run(
        `DELETE FROM portal_access_request
         WHERE file_id = ? AND requester = ? AND practitioner_name = ? AND status = 'open'`,
        [file.fileId, requester, practitionerName],
      )
      const open = await transaction.get<{ n: number }>(
        "SELECT count(*) AS n FROM portal_access_request WHERE file_id = ? AND status = 'open'",
        [file.fileId],
      )
      if (Number(open?.n ?? 0) >= ACCESS_REQUESTS_OPEN_MAX) return
      await transaction.run(
        `INSERT INTO portal_access_request
           (id, file_id, patient, requester, practitioner, practitioner_name, purpose, types, message, status, made_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)`,
        [
          randomUUID(),
          file.fileId,
          patient,
          requester,
          practitioner,
          practitionerName,
          purpose,
          types.join(','),
          message,
          nowMs,
        ],
      )
    })
    this.#events.requested(file.fileId)
  }

  /** The requests about a file, the latest first. */
  async ofFile(fileId: string): Promise<readonly AccessRequest[]> {
    const rows = await this.#database.read.all<Row>(
      'SELECT * FROM portal_access_request WHERE file_id = ? ORDER BY made_at_ms DESC LIMIT 100',
      [fileId],
    )
    return rows.map((row) => ({
      id: row.id,
      requester: row.requester,
      practitioner: row.practitioner,
      practitionerName: row.practitioner_name,
      purpose: row.purpose,
      types: row.types === '' ? [] : row.types.split(','),
      message: row.message,
      status: row.status,
      madeAtMs: Number(row.made_at_ms),
    }))
  }

  /** What the patient said to an open request. @throws SalusError `access-request-unknown` */
  async end(fileId: string, id: string, status: 'granted' | 'declined', nowMs: number): Promise<void> {
    const changed = await this.#database.write((transaction) =>
      transaction.run(
        "UPDATE portal_access_request SET status = ?, ended_at_ms = ? WHERE file_id = ? AND id = ? AND status = 'open'",
        [status, nowMs, fileId, id],
      ),
    )
    if (changed === 0) throw new SalusError('access-request-unknown', 'there is no such open request')
  }
}

/**
 * The files of this custodian: which random `fileId` on the ledger stands for which patient here, and which key is the
 * patient's. The mapping never leaves the node. Resources of no patient have a file of their own, so that directories
 * are anchored like everything else.
 */
import { type PublicKey, randomBytes, SalusError, toHex } from '@salus/core'
import type { Database, Ddl, Queries } from '../db/database.ts'

/** The patient column of the file that holds what belongs to no patient. */
const NO_PATIENT = ''

/** `patient` is null for the general file and for an erased patient. `fileId` is lower-case hexadecimal. */
export interface PatientFile {
  readonly fileId: string
  readonly patient: string | null
  readonly identity: PublicKey | null
  readonly erased: boolean
}

export const FILES_DDL: Ddl = [
  `CREATE TABLE IF NOT EXISTS patient_file (
     file_id TEXT PRIMARY KEY,
     patient TEXT UNIQUE,
     identity_scheme TEXT,
     identity_key BLOB,
     erased INTEGER NOT NULL DEFAULT 0)`,
  'CREATE INDEX IF NOT EXISTS patient_file_identity ON patient_file (identity_key) WHERE identity_key IS NOT NULL',
]

interface Row {
  readonly file_id: string
  readonly patient: string | null
  readonly identity_scheme: PublicKey['scheme'] | null
  readonly identity_key: Uint8Array | null
  readonly erased: number
}

/** All files, kept in memory beside the table: the gate asks for one on every request. */
export class Files {
  readonly #database: Database
  readonly #byPatient = new Map<string, PatientFile>()
  readonly #byId = new Map<string, PatientFile>()
  readonly #byKey = new Map<string, Set<string>>()
  /** Files that are erased but for the name of their patient, by that name. */
  readonly #erasing = new Map<string, string>()

  private constructor(database: Database) {
    this.#database = database
  }

  /** Loads the files of a database that holds {@link FILES_DDL}. */
  static async load(database: Database): Promise<Files> {
    const files = new Files(database)
    for (const row of await database.read.all<Row>('SELECT * FROM patient_file')) {
      files.#remember(fromRow(row))
      if (row.erased === 1 && row.patient !== null) files.#erasing.set(row.patient, row.file_id)
    }
    return files
  }

  byPatient(patient: string): PatientFile | undefined {
    return this.#byPatient.get(patient)
  }

  byId(fileId: string): PatientFile | undefined {
    return this.#byId.get(fileId)
  }

  /** The file ids of erased patients. */
  erased(): readonly string[] {
    return [...this.#byId.values()].filter((file) => file.erased).map(({ fileId }) => fileId)
  }

  /** The files whose patient has enrolled this key. */
  byIdentity(key: PublicKey): readonly PatientFile[] {
    const ids = this.#byKey.get(keyName(key)) ?? []
    return [...ids].flatMap((fileId) => this.#byId.get(fileId) ?? [])
  }

  /** The file id of a patient, or of the general file for null; made inside `transaction` when there is none. */
  async ensure(transaction: Queries, patient: string | null): Promise<string> {
    const known = this.#byPatient.get(patient ?? NO_PATIENT)
    if (known) return known.fileId
    const file: PatientFile = { fileId: toHex(randomBytes(16)), patient, identity: null, erased: false }
    await transaction.run('INSERT INTO patient_file (file_id, patient) VALUES (?, ?)', [
      file.fileId,
      patient ?? NO_PATIENT,
    ])
    return file.fileId
  }

  /** Learns of the files that a transaction made, once it is durable. */
  async refresh(patients: Iterable<string | null>): Promise<void> {
    for (const patient of patients) {
      if (this.#byPatient.has(patient ?? NO_PATIENT)) continue
      const row = await this.#database.read.get<Row>('SELECT * FROM patient_file WHERE patient = ?', [
        patient ?? NO_PATIENT,
      ])
      if (row) this.#remember(fromRow(row))
    }
  }

  /**
   * Enrols the key of a patient whose identity this custodian has checked; an earlier key is replaced.
   * @throws SalusError `patient-unknown`
   */
  async enrol(patient: string, identity: PublicKey): Promise<PatientFile> {
    const file = this.#byPatient.get(patient)
    if (!file || patient === NO_PATIENT) throw new SalusError('patient-unknown', 'there is no such patient here')
    await this.#database.write((transaction) =>
      transaction.run('UPDATE patient_file SET identity_scheme = ?, identity_key = ? WHERE file_id = ?', [
        identity.scheme,
        identity.bytes,
        file.fileId,
      ]),
    )
    const enrolled = { ...file, identity }
    this.#remember(enrolled)
    return enrolled
  }

  /**
   * Marks the file of a patient as erased: nothing finds it by the patient any more, but `erasing` and `forget` do, so
   * that an erasure can be repeated. The key stays, so that its holder can still see the log.
   */
  async erase(patient: string): Promise<void> {
    const file = this.#byPatient.get(patient)
    if (!file) return
    await this.#database.write((transaction) =>
      transaction.run('UPDATE patient_file SET erased = 1 WHERE file_id = ?', [file.fileId]),
    )
    this.#byPatient.delete(patient)
    this.#byId.set(file.fileId, { ...file, patient: null, erased: true })
    this.#erasing.set(patient, file.fileId)
  }

  /** The file of a patient whose erasure was begun and not ended. */
  erasing(patient: string): PatientFile | undefined {
    const fileId = this.#erasing.get(patient)
    return fileId === undefined ? undefined : this.#byId.get(fileId)
  }

  /** Forgets which patient an erased file was of. */
  async forget(patient: string): Promise<void> {
    const fileId = this.#erasing.get(patient)
    if (fileId === undefined) return
    await this.#database.write((transaction) =>
      transaction.run('UPDATE patient_file SET patient = NULL WHERE file_id = ?', [fileId]),
    )
    this.#erasing.delete(patient)
  }

  #remember(file: PatientFile): void {
    const before = this.#byId.get(file.fileId)?.identity
    if (before) this.#byKey.get(keyName(before))?.delete(file.fileId)
    if (file.identity) {
      const ids = this.#byKey.get(keyName(file.identity)) ?? new Set()
      this.#byKey.set(keyName(file.identity), ids.add(file.fileId))
    }
    this.#byId.set(file.fileId, file)
    if (!file.erased) this.#byPatient.set(file.patient ?? NO_PATIENT, file)
  }
}

function keyName({ scheme, bytes }: PublicKey): string {
  return `${scheme} ${toHex(bytes)}`
}

function fromRow(row: Row): PatientFile {
  const identity =
    row.identity_scheme !== null && row.identity_key !== null
      ? { scheme: row.identity_scheme, bytes: new Uint8Array(row.identity_key) }
      : null
  const patient = row.patient === NO_PATIENT || row.erased === 1 ? null : row.patient
  return { fileId: row.file_id, patient, identity, erased: row.erased === 1 }
}

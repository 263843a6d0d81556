/**
 * The consent documents that patients have handed to this custodian. The ledger holds commitments alone, so the
 * documents are kept here, and are checked against the ledger when they come and again whenever they are loaded: one
 * that was changed in the database is not used. One that the ledger has and this replica has not yet, because another
 * member carried its transaction, is kept and counts from the block on that brings it here.
 */
import { consents } from '@salus/contracts'
import { fromHex, type PublicKey, SalusError } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { Database, Ddl } from '../db/database.ts'
import type { Files } from '../files/files.ts'
import { CONSENT_FILTERS_MAX, CONSENTS_PER_PATIENT_MAX } from '../limits.ts'
import { compilePolicy } from './compile.ts'
import { ConsentIndex, isInForce } from './consent-index.ts'
import { countTests, or } from './filter-algebra.ts'
import { type LivingFile, type SignedConsent, verifyConsent } from './verify.ts'

export const CONSENT_DOCUMENTS_DDL: Ddl = [
  `CREATE TABLE IF NOT EXISTS consent_document (
     consent_id TEXT PRIMARY KEY,
     patient TEXT NOT NULL,
     document TEXT NOT NULL,
     salt BLOB NOT NULL,
     controller_scheme TEXT NOT NULL,
     controller_key BLOB NOT NULL,
     binding BLOB NOT NULL,
     stored_at_ms INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS consent_document_patient ON consent_document (patient)',
]

interface Row {
  readonly consent_id: string
  readonly patient: string
  readonly document: string
  readonly salt: Uint8Array
  readonly controller_scheme: PublicKey['scheme']
  readonly controller_key: Uint8Array
  readonly binding: Uint8Array
}

export interface ConsentDocumentParts {
  readonly database: Database
  readonly ledger: Pick<Ledger, 'get' | 'status' | 'onBlock'>
  readonly files: Pick<Files, 'byPatient'>
  /** The member whose node this is. */
  readonly custodian: string
  readonly now: () => number
  /** Is told of every stored consent that does not hold: `consent-tampered`, with the cause and the consent's id. */
  readonly report: (error: SalusError) => void
}

export class ConsentDocuments {
  /** The consents to decide from. */
  readonly index: ConsentIndex
  readonly #parts: ConsentDocumentParts
  /** Stored consents of which this replica knows nothing yet, by their id. */
  readonly #awaited = new Map<string, Row>()

  private constructor(parts: ConsentDocumentParts) {
    this.#parts = parts
    this.index = new ConsentIndex(parts.ledger, parts.files)
    parts.ledger.onBlock(() => this.#admitAwaited())
  }

  /** Loads and verifies the documents of a database that holds {@link CONSENT_DOCUMENTS_DDL}. */
  static async load(parts: ConsentDocumentParts): Promise<ConsentDocuments> {
    const documents = new ConsentDocuments(parts)
    for (const row of await parts.database.read.all<Row>('SELECT * FROM consent_document')) documents.#admit(row)
    return documents
  }

  /**
   * Takes a consent that the ledger already holds; it is in force when this resolves.
   * @throws SalusError those of `verifyConsent`; `consent-ended` when it was revoked, replaced or has expired;
   *   `consents-too-many`
   */
  async accept(consent: SignedConsent & { readonly file: LivingFile }): Promise<void> {
    const { database, now, custodian, ledger } = this.#parts
    const { consentId, file } = consent
    const timeMs = now()
    const verified = verifyConsent(consent, file, custodian, ledger)
    if (!isInForce(verified.row, timeMs)) throw new SalusError('consent-ended', 'the consent has ended already')
    const policy = compilePolicy(verified.policy)
    const others = this.index.live(file.patient, timeMs).filter(({ id }) => id !== consentId)
    const tests = countTests(or(policy.tests, ...others.map((other) => other.policy.tests)))
    if (others.length >= CONSENTS_PER_PATIENT_MAX || tests > CONSENT_FILTERS_MAX) {
      const limits = { CONSENTS_PER_PATIENT_MAX, CONSENT_FILTERS_MAX }
      throw new SalusError('consents-too-many', 'the patient has too many live consents', limits)
    }
    await store(database, toRow(consent, file.patient), timeMs)
    this.index.add(file.patient, consentId, policy, verified.identity)
  }

  /**
   * Takes a consent that the ledger holds and this replica does not yet; it is in force once that has its block.
   * @throws SalusError `consents-too-many`
   */
  async acceptLater(consent: SignedConsent, patient: string): Promise<void> {
    const { database, now } = this.#parts
    if (this.index.live(patient, now()).length + this.#awaited.size >= CONSENTS_PER_PATIENT_MAX) {
      throw new SalusError('consents-too-many', 'too many consents wait for the ledger', { CONSENTS_PER_PATIENT_MAX })
    }
    const row = toRow(consent, patient)
    this.#awaited.set(row.consent_id, row)
    await store(database, row, now())
    this.#admitAwaited()
  }

  /** The documents held for a patient, ended ones included, oldest first. */
  async ofPatient(patient: string): Promise<readonly SignedConsent[]> {
    const rows = await this.#parts.database.read.all<Row>(
      'SELECT * FROM consent_document WHERE patient = ? ORDER BY stored_at_ms, consent_id',
      [patient],
    )
    return rows.map(fromRow)
  }

  /** Deletes the documents and salts of a patient, after which the commitments on the ledger mean nothing. */
  async erase(patient: string): Promise<void> {
    await this.#parts.database.write((transaction) =>
      transaction.run('DELETE FROM consent_document WHERE patient = ?', [patient]),
    )
    this.index.remove(patient)
    for (const [id, row] of this.#awaited) if (row.patient === patient) this.#awaited.delete(id)
  }

  #admitAwaited(): void {
    for (const [id, row] of this.#awaited) {
      if (consents.get(this.#parts.ledger, fromHex(id)) === undefined) continue
      this.#awaited.delete(id)
      this.#admit(row)
    }
  }

  #admit(row: Row): void {
    const { files, custodian, ledger, now, report } = this.#parts
    try {
      const file = files.byPatient(row.patient)
      if (!file) throw new SalusError('patient-unknown', 'there is no such patient here')
      const verified = verifyConsent(fromRow(row), { ...file, patient: row.patient }, custodian, ledger)
      if (!isInForce(verified.row, now())) return
      this.index.add(row.patient, row.consent_id, compilePolicy(verified.policy), verified.identity)
    } catch (cause) {
      if (!(cause instanceof SalusError)) throw cause
      if (cause.code === 'consent-unknown') this.#awaited.set(row.consent_id, row)
      const details = { consentId: row.consent_id, cause: cause.code }
      report(new SalusError('consent-tampered', 'a stored consent does not hold and is not used', details, cause))
    }
  }
}

function store(database: Database, row: Row, timeMs: number): Promise<unknown> {
  return database.write((transaction) =>
    transaction.run(
      `INSERT INTO consent_document
         (consent_id, patient, document, salt, controller_scheme, controller_key, binding, stored_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (consent_id) DO UPDATE SET patient = excluded.patient, document = excluded.document,
         salt = excluded.salt, controller_scheme = excluded.controller_scheme,
         controller_key = excluded.controller_key, binding = excluded.binding`,
      [
        row.consent_id,
        row.patient,
        row.document,
        row.salt,
        row.controller_scheme,
        row.controller_key,
        row.binding,
        timeMs,
      ],
    ),
  )
}

function toRow({ consentId, document, salt, controller, binding }: SignedConsent, patient: string): Row {
  const { scheme: controller_scheme, bytes: controller_key } = controller
  return { consent_id: consentId, patient, document, salt, controller_scheme, controller_key, binding }
}

function fromRow(row: Row): SignedConsent {
  return {
    consentId: row.consent_id,
    document: row.document,
    salt: new Uint8Array(row.salt),
    controller: { scheme: row.controller_scheme, bytes: new Uint8Array(row.controller_key) },
    binding: new Uint8Array(row.binding),
  }
}

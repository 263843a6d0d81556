/**
 * Invitations: a custodian that has checked who a patient is hands over a link, on paper as a QR code or by message.
 * The link names a secret and the ledger's id, so that the patient's wallet trusts the genesis file that the custodian
 * handed over and no other. It enrols one wallet, once, within a week.
 */
import { type PublicKey, SalusError, toHex } from '@salus/core'
import type { Database } from '../db/database.ts'
import type { Files, PatientFile } from '../files/files.ts'
import { INVITATION_MS_MAX } from '../limits.ts'
import { hashSecret, makeSecret } from './secrets.ts'

export interface InvitationParts {
  readonly database: Database
  readonly files: Files
  readonly ledgerId: Uint8Array
  readonly portalUrl: string
  /** Resolves once the ledger knows of every file. */
  readonly flush: () => Promise<void>
  readonly now: () => number
}

export class Invitations {
  readonly #parts: InvitationParts

  constructor(parts: InvitationParts) {
    this.#parts = parts
  }

  /** Makes an invitation; earlier ones of the same patient end. @throws SalusError `patient-unknown` */
  async make(patient: string): Promise<{ url: string; expiresAtMs: number }> {
    const { database, files, now, portalUrl, ledgerId } = this.#parts
    if (files.byPatient(patient) === undefined) throw new SalusError('patient-unknown', 'there is no such patient here')
    const secret = makeSecret()
    const expiresAtMs = now() + INVITATION_MS_MAX
    await database.write(async (transaction) => {
      await transaction.run('DELETE FROM portal_invitation WHERE patient = ? OR expires_at_ms < ?', [patient, now()])
      await transaction.run(
        'INSERT INTO portal_invitation (secret_hash, patient, made_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)',
        [hashSecret(secret), patient, now(), expiresAtMs],
      )
    })
    return { url: `${portalUrl}/app/join#code=${secret}&ledger=${toHex(ledgerId)}`, expiresAtMs }
  }

  /** True while the invitation can be used. */
  async isOpen(secret: string): Promise<boolean> {
    const { database, now } = this.#parts
    const sql = 'SELECT patient FROM portal_invitation WHERE secret_hash = ? AND expires_at_ms >= ?'
    return (await database.read.get(sql, [hashSecret(secret), now()])) !== undefined
  }

  /** Enrols `key` for the invited patient and uses the invitation up. @throws SalusError `invitation-invalid` */
  async accept(secret: string, key: PublicKey): Promise<PatientFile & { readonly patient: string }> {
    const { database, files, now, flush } = this.#parts
    await flush()
    const used = await database.write((transaction) =>
      transaction.get<{ patient: string }>(
        'DELETE FROM portal_invitation WHERE secret_hash = ? AND expires_at_ms >= ? RETURNING patient',
        [hashSecret(secret), now()],
      ),
    )
    if (!used) throw new SalusError('invitation-invalid', 'the invitation was used before or has expired')
    return { ...(await files.enrol(used.patient, key)), patient: used.patient }
  }
}

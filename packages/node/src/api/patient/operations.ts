/**
 * `/patient`: what a patient's wallet does at a custodian. The wallet signs each request with the identity key that
 * the patient enrolled here in person (auth/patient-signature.ts); it reaches the files of that key and no other.
 */
import { type Genesis, type PublicKey, parseTransaction, SalusError, toBase64url, toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { writeProofFile } from '@salus/proof'
import { z } from 'zod'
import { caughtUp } from '../../caught-up.ts'
import { compilePolicy } from '../../consent/compile.ts'
import { requireConformance } from '../../consent/conformance.ts'
import type { ConsentDocuments } from '../../consent/documents.ts'
import { parsePolicy } from '../../consent/policy.ts'
import type { Queries } from '../../db/database.ts'
import type { Journal } from '../../disclosure/journal.ts'
import { disclosureLog, type LogParts } from '../../disclosure/log.ts'
import type { Files, PatientFile } from '../../files/files.ts'
import { CONSENT_BYTES_MAX } from '../../limits.ts'
import { disclosureEvidence } from '../../outbox/evidence.ts'
import { base64url, hex, type Operation, operationsOf, Raw } from '../operation.ts'

export interface PatientApiParts extends LogParts {
  readonly read: Queries
  readonly journal: Journal
  readonly ledger: Ledger
  readonly genesis: Genesis
  readonly files: Files
  readonly consents: ConsentDocuments
}

/** The key that signed the request. */
export interface PatientCaller {
  readonly key: PublicKey
}

const operation = operationsOf<PatientApiParts, PatientCaller>()

/** The caller's own file. @throws SalusError `not-the-patient`, also where there is no such file */
function ownFile(parts: PatientApiParts, caller: PatientCaller, fileId: string): PatientFile {
  const file = parts.files.byIdentity(caller.key).find((candidate) => candidate.fileId === fileId)
  if (!file) throw new SalusError('not-the-patient', 'this key is not enrolled for such a file')
  return file
}

const FileParams = z.object({ file: hex(16) })

const listFiles = operation({
  method: 'GET',
  path: '/files',
  summary: 'The files for which the signing key is enrolled',
  handle: (parts, { caller }) => ({
    custodian: parts.custodian,
    files: parts.files.byIdentity(caller.key).map(({ fileId, patient, erased }) => ({
      fileId,
      patient: patient === null ? null : `Patient/${patient}`,
      erased,
    })),
  }),
})

const ConsentBody = z.strictObject({
  document: z.string().max(CONSENT_BYTES_MAX),
  consentId: hex(16),
  salt: base64url(16),
  controller: z.strictObject({ scheme: z.enum(['ed25519', 'webauthn-es256']), bytes: base64url(65) }),
  binding: base64url(3200),
  transaction: base64url(16 * 1024),
})

const grant = operation({
  method: 'POST',
  path: '/files/:file/consents',
  summary: 'Stores a signed consent document and commits it to the ledger; returns once committed',
  params: FileParams,
  body: ConsentBody,
  handle: async (parts, { caller, params, body }) => {
    const file = ownFile(parts, caller, params.file)
    if (file.patient === null) throw new SalusError('patient-erased', 'this file is erased')
    const { transaction, ...consent } = body
    // What this node could not apply, or is no FHIR Consent, must not reach the ledger.
    compilePolicy(parsePolicy(consent.document))
    requireConformance(consent.document)
    const receipt = await submitConsentCommand(parts.ledger, transaction, REPEATED)
    // The node may know it from another member, and its own replica not yet.
    if (parts.ledger.status().height < receipt.height) await parts.consents.acceptLater(consent, file.patient)
    else await parts.consents.accept({ ...consent, file: { ...file, patient: file.patient } })
    return { id: consent.consentId, status: 'committed', height: receipt.height }
  },
})

const listConsents = operation({
  method: 'GET',
  path: '/files/:file/consents',
  summary: 'The consent documents that this custodian holds for a file',
  params: FileParams,
  handle: async (parts, { caller, params }) => {
    const file = ownFile(parts, caller, params.file)
    const documents = file.patient === null ? [] : await parts.consents.ofPatient(file.patient)
    return {
      consents: documents.map(({ consentId, document, salt, controller }) => ({
        consentId,
        document,
        salt: toBase64url(salt),
        controller: { scheme: controller.scheme, bytes: toBase64url(controller.bytes) },
      })),
    }
  },
})

const submit = operation({
  method: 'POST',
  path: '/transactions',
  summary: 'Brings a consent transaction that a wallet signed to the ledger, for example a revocation',
  body: z.strictObject({ transaction: base64url(16 * 1024) }),
  handle: async (parts, { caller, body }) => {
    if (parts.files.byIdentity(caller.key).length === 0) {
      throw new SalusError('not-the-patient', 'this key is not enrolled here')
    }
    const receipt = await submitConsentCommand(parts.ledger, body.transaction)
    return { status: 'committed', height: receipt.height, transaction: toHex(receipt.transactionId) }
  },
})

const readLog = operation({
  method: 'GET',
  path: '/files/:file/log',
  summary: 'The disclosure log of a file with the batches committed so far, under the custodian’s signature',
  params: FileParams,
  query: z.object({ after: z.coerce.number().int().min(0).default(0) }),
  handle: async (parts, { caller, params, query }) => {
    const file = ownFile(parts, caller, params.file)
    const log = await disclosureLog(parts, file.fileId, query.after)
    return {
      entries: log.entries.map(toBase64url),
      batches: log.batches.map(({ count, root }) => ({ count, root: toHex(root) })),
      statement: toBase64url(log.statement),
      signature: toHex(log.signature),
    }
  },
})

const prove = operation({
  method: 'GET',
  path: '/files/:file/log/:sequence/proof',
  summary: 'The proof file of one disclosure, for `salus verify`',
  params: z.object({ file: hex(16), sequence: z.coerce.number().int().min(1) }),
  handle: async (parts, { caller, params }) => {
    const { file: fileId, sequence } = params
    const file = ownFile(parts, caller, fileId)
    const { row } = await parts.journal.entry(file.fileId, sequence)
    const evidence = await disclosureEvidence(parts, file.fileId, sequence)
    const proof = writeProofFile({
      format: 'salus-proof/1',
      kind: 'disclosure',
      entry: new Uint8Array(row.entry),
      ...evidence,
    })
    return new Raw('application/json', proof)
  },
})

/** What a grant meets when its first answer was lost: the consent stands, and is checked against its row anyway. */
const REPEATED: readonly string[] = ['replayed', 'consent-exists']

/** @throws SalusError `transaction-not-consent`, the ledger's code when it refuses with none of `tolerated` */
async function submitConsentCommand(
  ledger: Ledger,
  wire: Uint8Array,
  tolerated: readonly string[] = [],
): ReturnType<Ledger['submit']> {
  const { body } = parseTransaction(wire)
  if (body.commands.some((command) => command.contract !== 'consent')) {
    throw new SalusError('transaction-not-consent', 'wallets submit consent commands only')
  }
  const receipt = await ledger.submit(wire)
  if (receipt.code !== null && !tolerated.includes(receipt.code)) {
    throw new SalusError(receipt.code, 'the ledger refused the transaction')
  }
  // What the patient is told is committed counts here from now on.
  await caughtUp(ledger, receipt.height)
  return receipt
}

export const PATIENT_OPERATIONS: readonly Operation<PatientApiParts, PatientCaller>[] = [
  listFiles,
  grant,
  listConsents,
  submit,
  readLog,
  prove,
]

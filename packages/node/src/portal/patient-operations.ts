/** `/patient`, the portal's part: what a consent would open, and who asks for access. */
import { SalusError } from '@salus/core'
import { z } from 'zod'
import { hex, type Operation, operationsOf } from '../api/operation.ts'
import type { PatientCaller } from '../api/patient/operations.ts'
import type { ConsentDocuments } from '../consent/documents.ts'
import { previewPermit } from '../consent/preview.ts'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import type { Files } from '../files/files.ts'
import type { Gate } from '../gate/gate.ts'
import { CONSENT_BYTES_MAX, PAGE_COUNT_MAX } from '../limits.ts'
import { parseEverything } from '../vault/search/parse.ts'
import type { StoredVersion, VaultReader } from '../vault/vault.ts'
import type { AccessRequests } from './access-requests.ts'
import { ownPrincipal } from './patient-door.ts'

export interface PortalPatientParts {
  readonly custodian: string
  readonly files: Files
  readonly gate: Gate
  readonly reader: VaultReader
  readonly consents: ConsentDocuments
  readonly requests: AccessRequests
  readonly now: () => number
}

const operation = operationsOf<PortalPatientParts, PatientCaller>()
const FileParams = z.object({ file: hex(16) })
const TREATMENT = { system: PURPOSE_SYSTEM, code: 'TREAT' }

/** @throws SalusError `not-the-patient`, `patient-erased` */
function ownFile(
  { files }: PortalPatientParts,
  { key }: PatientCaller,
  id: string,
): { fileId: string; patient: string } {
  const file = files.byIdentity(key).find(({ fileId }) => fileId === id)
  if (!file) throw new SalusError('not-the-patient', 'this key is not enrolled for such a file')
  if (file.patient === null) throw new SalusError('patient-erased', 'this file is erased')
  return { fileId: file.fileId, patient: file.patient }
}

const preview = operation({
  method: 'POST',
  path: '/files/:file/preview',
  summary: 'What a consent would let its recipient read, for treatment: the references of the resources',
  params: FileParams,
  body: z.strictObject({
    document: z.string().max(CONSENT_BYTES_MAX),
    recipient: hex(16),
    replaced: z.array(hex(16)).max(100),
  }),
  handle: async (parts, { caller, params, body }) => {
    const { custodian, gate, reader, consents, now } = parts
    const { patient } = ownFile(parts, caller, params.file)
    const request = {
      requester: body.recipient,
      custodian,
      practitioner: null,
      operator: false,
      purpose: TREATMENT,
      emergency: null,
      timeMs: now(),
    }
    const permit = previewPermit(request, patient, body.document, body.replaced, consents.index)
    // The answer is about the record, so it is recorded as the patient's own reading.
    const passage = await gate.open(ownPrincipal(custodian, [patient]), {
      interaction: 'everything',
      patients: [patient],
      instance: null,
      purpose: { code: TREATMENT, emergency: null },
    })
    const seen: StoredVersion[] = []
    for (let cursor: string | null = null; permit !== null; ) {
      const pairs: [string, string][] = [
        ['_count', String(PAGE_COUNT_MAX)],
        ...(cursor === null ? [] : [['_cursor', cursor] as [string, string]]),
      ]
      const page = await reader.everything(permit, patient, parseEverything(pairs, { baseUrl: '' }))
      seen.push(...page.matches)
      cursor = page.next
      if (cursor === null) break
    }
    await passage.close(seen)
    return { resources: seen.map(({ type, id }) => `${type}/${id}`) }
  },
})

const listRequests = operation({
  method: 'GET',
  path: '/files/:file/requests',
  summary: 'Who asked for access to the record, the latest first',
  params: FileParams,
  handle: async (parts, { caller, params }) => ({
    requests: await parts.requests.ofFile(ownFile(parts, caller, params.file).fileId),
  }),
})

const endRequest = operation({
  method: 'POST',
  path: '/files/:file/requests/:id',
  summary: 'Says what became of a request: granted, by a consent that was given, or declined',
  params: z.object({ file: hex(16), id: z.uuid() }),
  body: z.strictObject({ status: z.enum(['granted', 'declined']) }),
  handle: async (parts, { caller, params, body }) => {
    const { fileId } = ownFile(parts, caller, params.file)
    await parts.requests.end(fileId, params.id, body.status, parts.now())
  },
})

export const PORTAL_PATIENT_OPERATIONS: readonly Operation<PortalPatientParts, PatientCaller>[] = [
  preview,
  listRequests,
  endRequest,
]

/**
 * What a patient's page needs besides `/patient`'s operations: the own record as FHIR at `/patient/fhir`, read only and
 * recorded as a disclosure to the patient, and live events at `/patient/events`.
 */
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type FhirApiOptions, fhirApi } from '../api/fhir/plugin.ts'
import type { Auth } from '../auth/auth.ts'
import type { Principal } from '../auth/principal.ts'
import { parseScopes } from '../auth/scopes.ts'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import type { Files } from '../files/files.ts'
import { EVENTS_HEARTBEAT_MS } from '../limits.ts'
import type { PatientEvents } from './events.ts'

export interface PatientDoorParts {
  readonly auth: Pick<Auth, 'authenticatePatient'>
  readonly files: Files
  readonly events: PatientEvents
  readonly custodian: string
}

/** v3-ActReason: "to provide the patient with access to the own data". */
const PURPOSE = { system: PURPOSE_SYSTEM, code: 'PATRQT' }

/** Reads alone: the signature of a request without a body covers all of it. */
export async function patientFhir(app: FastifyInstance, parts: PatientDoorParts, fhir: FhirApiOptions): Promise<void> {
  const prefix = '/patient/fhir'
  await app.register(async (scope) => {
    scope.addHook('onRequest', async ({ method }) => {
      if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') {
        throw new SalusError('write-not-allowed', 'patients read their records')
      }
    })
    const authenticate = (request: FastifyRequest): Promise<Principal> => patientPrincipal(parts, request)
    await scope.register(fhirApi, {
      ...fhir,
      prefix,
      authenticate,
      linkBaseFor: () => fhir.fhirBase.replace(/\/fhir$/, prefix),
    })
  })
}

/** Who asks: the patients whose enrolled key signed the request. @throws SalusError `patient-signature-*` */
async function patientPrincipal(
  { auth, files, custodian }: PatientDoorParts,
  request: FastifyRequest,
): Promise<Principal> {
  const { key } = await auth.authenticatePatient(request)
  return ownPrincipal(
    custodian,
    files.byIdentity(key).flatMap(({ patient }) => patient ?? []),
  )
}

/** The principal of somebody who is these patients. */
export function ownPrincipal(custodian: string, patients: readonly string[]): Principal {
  return {
    kind: 'patient',
    member: custodian,
    practitioner: null,
    patients,
    scopes: parseScopes('patient/*.rs'),
    asserted: { purpose: PURPOSE, emergency: null },
  }
}

/** A stream that stays open until the page goes. */
export function patientEvents(app: FastifyInstance, { auth, files, events }: PatientDoorParts): void {
  const open = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const end of open) end()
  })
  app.get('/patient/events', async (request, reply) => {
    const { key } = await auth.authenticatePatient(request)
    if (events.isFull) throw new SalusError('too-many-requests', 'too many pages listen')
    const fileIds = files.byIdentity(key).map(({ fileId }) => fileId)
    reply.hijack()
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'x-accel-buffering': 'no',
    })
    reply.raw.write(': open\n\n')
    const stop = events.listen(fileIds, (name) => reply.raw.write(`event: ${name}\ndata: {}\n\n`))
    const heartbeat = setInterval(() => reply.raw.write(': here\n\n'), EVENTS_HEARTBEAT_MS)
    const end = (): void => {
      clearInterval(heartbeat)
      stop()
      open.delete(end)
      reply.raw.end()
    }
    open.add(end)
    request.raw.once('close', end)
  })
}

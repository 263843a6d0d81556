/** The HTTP server of a node: every door in one place, each in a scope with its own body parsers and error shape. */
import { SalusError } from '@salus/core'
import Fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify'
import type { Logger } from 'pino'
import { ADMIN_OPERATIONS, type AdminApiParts, requireAdministrator } from './api/admin/operations.ts'
import { errorReply as fhirErrorReply } from './api/fhir/errors.ts'
import { type FhirApiOptions, fhirApi } from './api/fhir/plugin.ts'
import { LEDGER_OPERATIONS, type LedgerApiParts } from './api/ledger/operations.ts'
import { openApi } from './api/openapi.ts'
import { errorReply, type Group, registerGroup } from './api/operation.ts'
import { PATIENT_OPERATIONS, type PatientApiParts, type PatientCaller } from './api/patient/operations.ts'
import { RELAY_OPERATIONS, type RelayApiParts, requireMember } from './api/relay/operations.ts'
import type { Auth } from './auth/auth.ts'
import type { Principal } from './auth/principal.ts'
import { allowOrigins } from './cors.ts'
import { type ExchangeParts, exchange } from './exchange/proxy.ts'
import { type HealthParts, health } from './health.ts'
import { QUERY_BYTES_MAX } from './limits.ts'
import { logFailure } from './log-failure.ts'
import { PORTAL_ADMIN_OPERATIONS, type PortalAdminParts } from './portal/admin-operations.ts'
import { ASK_OPERATIONS, type AskParts } from './portal/ask-operations.ts'
import { patientEvents, patientFhir } from './portal/patient-door.ts'
import { PORTAL_PATIENT_OPERATIONS, type PortalPatientParts } from './portal/patient-operations.ts'
import { type PortalParts, portal } from './portal/plugin.ts'

export interface ServerParts {
  readonly url: string
  readonly auth: Auth
  readonly fhir: FhirApiOptions
  readonly ledger: LedgerApiParts
  readonly patient: PatientApiParts
  readonly admin: AdminApiParts
  readonly relay: RelayApiParts
  readonly exchange: ExchangeParts
  readonly health: HealthParts
  readonly portal: PortalParts
  readonly logger: Logger
}

/** Time for a client to send its whole request. */
const REQUEST_TIMEOUT_MS = 60_000

/** The server, not yet listening. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: QUERY_BYTES_MAX },
    // What Fastify refuses before it knows the route, such as a malformed escape in a path.
    frameworkErrors: (error, request, reply) => refuseUnrouted(error, request.url, reply),
  }) as unknown as FastifyInstance
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = errorReply(error)
    if (status === 500) logFailure(request, error, 'a request failed')
    return reply.code(status).send(body)
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'not-found', message: 'there is nothing at this path', details: {} } }),
  )
  await parts.auth.install(app)
  await app.register(async (scope) => health(scope, parts.health))
  await app.register(async (scope) => portal(scope, parts.portal))
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.setErrorHandler((error, request, reply) => {
      const { status, body } = fhirErrorReply(error)
      if (status === 500) logFailure(request, error, 'a request failed')
      return reply.code(status).type('application/fhir+json; charset=utf-8').send(body)
    })
    allowOrigins(scope, ['/exchange/:member/fhir', '/exchange/:member/fhir/*'], ['GET', 'HEAD', 'POST'])
    exchange(scope, parts.exchange)
  })
  await app.register(async (scope) => fhirApi(scope, parts.fhir), { prefix: '/fhir' })
  await app.register(async (scope) => patientFhir(scope, parts.portal.door, parts.fhir))
  await registerGroups(app, parts)
  return app
}

async function registerGroups(app: FastifyInstance, parts: ServerParts): Promise<void> {
  const ledger: Group<LedgerApiParts, undefined> = {
    name: 'ledger',
    prefix: '/ledger',
    operations: LEDGER_OPERATIONS,
    authenticate: async () => undefined,
  }
  const patient: Group<PatientApiParts, PatientCaller> = {
    name: 'patient',
    prefix: '/patient',
    operations: PATIENT_OPERATIONS,
    authenticate: (request) => parts.auth.authenticatePatient(request),
  }
  const admin: Group<AdminApiParts, Principal> = {
    name: 'admin',
    prefix: '/admin',
    operations: ADMIN_OPERATIONS,
    authenticate: async (request) => requireAdministrator(await parts.auth.authenticate(request)),
  }
  const relay: Group<RelayApiParts, Principal> = {
    name: 'relay',
    prefix: '/relay',
    operations: RELAY_OPERATIONS,
    authenticate: async (request) => requireMember(await parts.auth.authenticate(request)),
  }
  const portalAdmin: Group<PortalAdminParts, Principal> = { ...admin, operations: PORTAL_ADMIN_OPERATIONS }
  const portalPatient: Group<PortalPatientParts, PatientCaller> = { ...patient, operations: PORTAL_PATIENT_OPERATIONS }
  const ask: Group<AskParts, Principal> = {
    name: 'access-requests',
    prefix: '/access-requests',
    operations: ASK_OPERATIONS,
    authenticate: (request) => parts.auth.authenticate(request),
  }
  const description = openApi(parts.url, [ledger, patient, portalPatient, admin, portalAdmin, ask, relay])
  app.get('/docs', async () => description)
  await app.register(async (scope) => registerGroup(scope, parts.relay, relay))
  await app.register(async (scope) => {
    allowOrigins(scope, ['/ledger/*'], ['GET', 'POST'])
    registerGroup(scope, parts.ledger, ledger)
  })
  await app.register(async (scope) => registerGroup(scope, parts.admin, admin))
  await app.register(async (scope) => registerGroup(scope, parts.portal.ask, ask))
  await app.register(async (scope) => registerGroup(scope, parts.portal.admin, portalAdmin))
  await app.register(async (scope) => {
    allowOrigins(scope, ['/patient/*'], ['GET', 'POST'])
    parts.auth.keepPatientBodies(scope)
    registerGroup(scope, parts.patient, patient)
    registerGroup(scope, parts.portal.patient, portalPatient)
    patientEvents(scope, parts.portal.door)
  })
}

function refuseUnrouted(error: Error, url: string, reply: FastifyReply): FastifyReply {
  if (url.startsWith('/fhir')) {
    const { status, body } = fhirErrorReply(new SalusError('header-malformed', 'the path is malformed'))
    return reply.code(status).type('application/fhir+json; charset=utf-8').send(body)
  }
  const { status, body } = errorReply(error)
  return reply.code(status).send(body)
}

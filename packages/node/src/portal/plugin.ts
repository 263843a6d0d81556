/**
 * What a node serves for the portal: the pages at `/`, who the members are at `/network`, and the sign-in of staff at
 * `/session`. The pages get no rights from here: each act goes through the same doors as any other client's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PortalAdminParts } from './admin-operations.ts'
import type { AskParts } from './ask-operations.ts'
import type { Directory } from './directory.ts'
import { type JoinParts, joinRoutes } from './join-routes.ts'
import { domainOf, pageHeaders } from './page-headers.ts'
import { ownPasskeys, type PasskeyRouteParts, passkeySignIn } from './passkey-routes.ts'
import type { PatientDoorParts } from './patient-door.ts'
import type { PortalPatientParts } from './patient-operations.ts'
import { sessionRoutes } from './session-routes.ts'
import { type StaticFile, staticFiles } from './static-files.ts'

export interface PortalParts extends PasskeyRouteParts, JoinParts {
  /** The folder of the built portal; null where this node serves none. */
  readonly files: string | null
  readonly directory: Directory
  readonly admin: PortalAdminParts
  readonly patient: PortalPatientParts
  readonly ask: AskParts
  readonly door: PatientDoorParts
}

/** Adds the portal to the server. */
export async function portal(app: FastifyInstance, parts: PortalParts): Promise<void> {
  app.get('/network', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*').header('cache-control', 'no-cache')
    return parts.directory.read()
  })
  await app.register(async (scope) => sessionRoutes(scope, parts, (inner) => passkeySignIn(inner, parts)))
  await app.register(async (scope) => ownPasskeys(scope, parts))
  await app.register(async (scope) => joinRoutes(scope, parts))
  if (parts.files !== null) pages(app, parts, staticFiles(parts.files))
}

function pages(app: FastifyInstance, { directory }: PortalParts, files: ReadonlyMap<string, StaticFile>): void {
  const index = files.get('/index.html')
  if (index === undefined) return
  const headers = (): Readonly<Record<string, string>> => pageHeaders(directory.urls())
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const host = domainOf(request.headers.host ?? '')
    if (host !== null) return reply.redirect(`http://${host}${request.url}`)
    return sendFile(request, reply, index, headers())
  }
  app.get('/', page)
  app.get('/app/*', page)
  for (const [path, file] of files) {
    if (path === '/index.html' || path === '/demo.html') continue
    app.get(path, async (request, reply) => sendFile(request, reply, file, headers()))
  }
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile,
  headers: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const accepted = request.headers['accept-encoding']
  const { body, headers: own } = await file.reply(typeof accepted === 'string' ? accepted : '')
  reply.headers({ ...headers, ...own })
  if (request.headers['if-none-match'] === own.etag) return reply.code(304).send()
  return reply.send(body)
}

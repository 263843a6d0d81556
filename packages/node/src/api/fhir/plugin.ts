/**
 * The FHIR R4 JSON RESTful API (https://hl7.org/fhir/R4/http.html) as a Fastify plugin. Fastify carries bytes; which
 * interaction a request means is found by the router that entries of bundles use too, and every interaction is a
 * function from request to reply. Bodies are text already and never pass a serialiser.
 */
import { isUtf8 } from 'node:buffer'
import { isSalusError, SalusError } from '@salus/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '../../auth/principal.ts'
import { allowOrigins } from '../../cors.ts'
import type { Gate } from '../../gate/gate.ts'
import { type Purpose, readPurpose } from '../../gate/purpose.ts'
import { QUERY_BYTES_MAX, REPLY_BYTES_MAX, REQUEST_BYTES_MAX, RESOURCE_BYTES_MAX } from '../../limits.ts'
import { logFailure } from '../../log-failure.ts'
import { NO_SPELLINGS, type ParsedJson, parseFhirJson } from '../../vault/fhir-json.ts'
import type { VaultReader, VaultWriter } from '../../vault/vault.ts'
import { capabilityStatement, type OauthUris } from './capabilities.ts'
import { ConditionalLock } from './conditional.ts'
import { authorize } from './dispatch.ts'
import { errorReply, statusOf } from './errors.ts'
import { asksForNative, etag, requireJson } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer } from './interaction.ts'
import { prettyText } from './json-text.ts'
import { binaryOf, contentOf } from './native-binary.ts'
import { INTERACTIONS } from './registry.ts'
import { type Match, Router } from './route.ts'
import { isCriterion } from './search-query.ts'

export interface FhirApiOptions {
  readonly vaultReader: VaultReader
  readonly vaultWriter: VaultWriter
  readonly gate: Gate
  /** Who asks. @throws SalusError `token-missing` and others of authentication */
  readonly authenticate: (request: FastifyRequest) => Promise<Principal>
  /** This custodian's own FHIR base URL, without a slash at its end. */
  readonly fhirBase: string
  /** The base URL under which this requester sees this server: for members, their own gateway. */
  readonly linkBaseFor: (principal: Principal) => string
  readonly oauth: OauthUris
  /** The proof file of a version. @throws SalusError `not-committed-yet` */
  readonly prove: FhirServer['prove']
}

const FHIR_JSON = 'application/fhir+json; charset=utf-8'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** What the body parsers hand over: a parsed JSON document, the text of a form, or the content of a Binary. */
type ParsedBody = ParsedJson | { readonly form: string } | { readonly content: Buffer } | undefined

interface Call {
  readonly match: Match
  readonly query: string
  readonly parameters: URLSearchParams
  readonly principal: Principal
  readonly linkBase: string
  /** True where the content of a Binary is asked for. */
  readonly native: boolean
}

/** Registers the API below the plugin's prefix. */
export async function fhirApi(app: FastifyInstance, options: FhirApiOptions): Promise<void> {
  const router = new Router(INTERACTIONS)
  const server: FhirServer = {
    reader: options.vaultReader,
    writer: options.vaultWriter,
    gate: options.gate,
    fhirBase: options.fhirBase,
    capabilities: capabilityStatement(INTERACTIONS, options.oauth),
    conditional: new ConditionalLock(),
    router,
    prove: options.prove,
  }
  const calls = new WeakMap<FastifyRequest, Call>()
  addBodyParsers(app, (request) => takesContent((calls.get(request) as Call).match))
  allowOrigins(app, ['/', '/*'], METHODS)

  // Everything that can refuse without the body comes before the body is taken in.
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    calls.set(request, await beginCall(router, request, options))
  }
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const call = calls.get(request) as Call
    const { interaction } = call.match
    return send(reply, await interaction.handle(server, fhirRequest(request, call, options)), call)
  }
  app.setErrorHandler((error, request, reply) => {
    report(request, error)
    return send(reply, errorReply(fromFastify(error, request)))
  })
  app.setNotFoundHandler((_request, reply) => send(reply, errorReply(new SalusError('path-unknown', 'no such path'))))
  app.route({ method: METHODS, url: '/', exposeHeadRoute: false, bodyLimit: REQUEST_BYTES_MAX, onRequest, handler })
  app.route({ method: METHODS, url: '/*', exposeHeadRoute: false, bodyLimit: RESOURCE_BYTES_MAX, onRequest, handler })
}

function addBodyParsers(app: FastifyInstance, takesAnything: (request: FastifyRequest) => boolean): void {
  app.removeAllContentTypeParsers()
  const json = ['application/fhir+json', 'application/json', 'application/json-patch+json']
  app.addContentTypeParser<Buffer>(json, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    requireUtf8(request, body)
    return body.length === 0 ? undefined : parseFhirJson(body.toString('utf8'), REQUEST_BYTES_MAX)
  })
  const form = 'application/x-www-form-urlencoded'
  app.addContentTypeParser<Buffer>(form, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    requireUtf8(request, body)
    if (body.length > QUERY_BYTES_MAX) throw queryTooLong()
    return { form: body.toString('utf8') }
  })
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, async (request: FastifyRequest, content: Buffer) => {
    if (takesAnything(request)) return { content }
    if (content.length === 0) return undefined
    throw mediaTypeNotSupported(request)
  })
}

function mediaTypeNotSupported({ method }: FastifyRequest): SalusError {
  const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json'
  return new SalusError('media-type-not-supported', `the body is ${type}`)
}

/** A Binary may come as what it is; whatever its sender accepts, the answer is FHIR. */
function takesContent({ interaction, path }: Match): boolean {
  return path.type === 'Binary' && (interaction.method === 'POST' || interaction.method === 'PUT') && interaction.writes
}

function requireUtf8(request: FastifyRequest, body: Buffer): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new SalusError('media-type-not-supported', 'the charset of FHIR JSON is UTF-8')
  }
  if (!isUtf8(body)) throw new SalusError('utf8-malformed', 'the body is not UTF-8')
}

async function beginCall(router: Router, request: FastifyRequest, options: FhirApiOptions): Promise<Call> {
  const { url } = request
  const mark = url.indexOf('?')
  const query = mark < 0 ? '' : url.slice(mark + 1)
  if (query.length > QUERY_BYTES_MAX) throw queryTooLong()
  const parameters = query === '' ? NO_PARAMETERS : new URLSearchParams(query)
  const { accept } = request.headers
  const format = parameters.get('_format') ?? undefined
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const path = (request.params as { readonly '*'?: string })['*'] ?? ''
  const match = router.match(method, path, hasCriteria(parameters))
  const native = isReadOfBinary(match) && asksForNative(accept, format)
  if (!native && !takesContent(match)) requireJson(accept, format)
  if (match.interaction.isPublic) {
    return { match, query, parameters, principal: PUBLIC, linkBase: await publicLinkBase(request, options), native }
  }
  const principal = await options.authenticate(request)
  authorize(match.interaction, { principal, path: match.path })
  return { match, query, parameters, principal, linkBase: options.linkBaseFor(principal), native }
}

function isReadOfBinary({ interaction, path }: Match): boolean {
  return path.type === 'Binary' && (interaction.name === 'read' || interaction.name === 'vread')
}

const NO_PARAMETERS = new URLSearchParams()

const NO_BODY: ParsedJson = { resource: undefined, spellings: NO_SPELLINGS }

/** Nobody: who asks where the interaction is public. */
const PUBLIC: Principal = { kind: 'member', member: '', practitioner: null, scopes: [], asserted: null }

/** Where nobody need say who they are, a token still says whose gateway asks; one that does not hold says nothing. */
async function publicLinkBase(request: FastifyRequest, options: FhirApiOptions): Promise<string> {
  if (request.headers.authorization === undefined) return options.fhirBase
  try {
    return options.linkBaseFor(await options.authenticate(request))
  } catch (error) {
    if (isSalusError(error)) return options.fhirBase
    throw error
  }
}

/** `PUT Patient?_pretty=true` is no conditional update. */
function hasCriteria(parameters: URLSearchParams): boolean {
  for (const name of parameters.keys()) if (isCriterion(name)) return true
  return false
}

function fhirRequest(request: FastifyRequest, call: Call, { fhirBase }: FhirApiOptions): FhirRequest {
  const { headers } = request
  const { principal, linkBase, match } = call
  const json = jsonOf(request, match, fhirBase)
  return {
    principal,
    purpose: purposeOf(principal, headers),
    linkBase,
    replyBytesMax: REPLY_BYTES_MAX,
    path: match.path,
    query: wholeQuery(request, match, call.query),
    headers: {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifNoneExist: single(headers['if-none-exist']),
      prefer: single(headers.prefer),
    },
    body: json.resource,
    spellings: json.spellings,
    report: (error) => report(request, error),
  }
}

function jsonOf({ body, headers }: FastifyRequest, { path }: Match, fhirBase: string): ParsedJson {
  const parsed = body as ParsedBody
  if (parsed === undefined || 'form' in parsed) return NO_BODY
  if ('resource' in parsed) return parsed
  const context = single(headers['x-security-context'])
  const resource = binaryOf(parsed.content, headers['content-type'] ?? '', context, path.id, fhirBase)
  return { resource, spellings: NO_SPELLINGS }
}

/** What another member signed stands; of one's own users the headers say. */
function purposeOf({ kind, asserted }: Principal, headers: FastifyRequest['headers']): Purpose {
  if (asserted) return { code: asserted.purpose, emergency: asserted.emergency }
  if (kind === 'member') return readPurpose(undefined, undefined)
  return readPurpose(single(headers['x-purpose-of-use']), single(headers['x-emergency-reason']))
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

/** Forms carry the parameters of `_search`, and nothing else may be a form. */
function wholeQuery(request: FastifyRequest, { interaction }: Match, query: string): string {
  const takesForm = interaction.path.endsWith('_search')
  const body = request.body as ParsedBody
  if (body === undefined) return query
  if ('form' in body !== takesForm) {
    throw takesForm
      ? new SalusError('media-type-not-supported', '_search takes a form')
      : mediaTypeNotSupported(request)
  }
  return [query, 'form' in body ? body.form : ''].filter((part) => part !== '').join('&')
}

function send(reply: FastifyReply, answer: FhirReply, call?: Call): FastifyReply {
  const { status, body, version, lastUpdatedMs, location, contentLocation, allow } = answer
  reply.code(status).header('cache-control', 'no-store')
  if (version !== undefined) reply.header('etag', etag(version))
  if (lastUpdatedMs !== undefined) reply.header('last-modified', new Date(lastUpdatedMs).toUTCString())
  if (location !== undefined) reply.header('location', location)
  if (contentLocation !== undefined) reply.header('content-location', contentLocation)
  if (allow !== undefined) reply.header('allow', allow.join(', '))
  if (body === '') return reply.send()
  if (call?.native && status === 200) return sendContent(reply, body)
  reply.header('content-type', FHIR_JSON)
  return reply.send(call?.parameters.get('_pretty') === 'true' ? prettyText(body) : body)
}

/** Content is anybody's: browsers may neither guess its type nor run what it holds. */
function sendContent(reply: FastifyReply, text: string): FastifyReply {
  const { contentType, bytes, securityContext } = contentOf(text)
  reply.header('content-type', contentType)
  reply.header('x-content-type-options', 'nosniff').header('content-security-policy', 'sandbox')
  if (securityContext !== undefined) reply.header('x-security-context', securityContext)
  return reply.send(bytes)
}

/** Fastify's own refusals, as errors of the API. */
function fromFastify(error: unknown, request: FastifyRequest): unknown {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (isSalusError(error)) return error
  if (status === 413) return new SalusError('body-too-large', 'the body is too large')
  if (status === 415) return mediaTypeNotSupported(request)
  if (status === 429) return new SalusError('too-many-requests', 'too many requests')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new SalusError('header-malformed', 'the request is malformed')
  }
  return error
}

/** Logs what is the node's own fault. */
function report(request: FastifyRequest, error: unknown): void {
  if (statusOf(fromFastify(error, request))[0] === 500) logFailure(request, error, 'a FHIR request failed')
}

function queryTooLong(): SalusError {
  return new SalusError('query-too-long', 'the query is too long', { QUERY_BYTES_MAX })
}

/**
 * `/exchange/{member}/fhir`: another member's records through one's own node. The node signs who asks and why as this
 * member, forwards the request to the member that the ledger names, and passes the answer on as it came, so that
 * resources keep the exact bytes that the custodian committed to. The custodian decides and records; this node only
 * vouches for its own user.
 */
import { SalusError } from '@salus/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { MemberTokenClient } from '../auth/client.ts'
import type { Members } from '../auth/members.ts'
import type { Principal } from '../auth/principal.ts'
import { requireScope } from '../auth/scopes.ts'
import { readPurpose } from '../gate/purpose.ts'
import { EXCHANGE_REPLY_BYTES_MAX, EXCHANGE_TIMEOUT_MS } from '../limits.ts'
import { fetchMember, type MemberReply } from './fetch-member.ts'

export interface ExchangeParts {
  readonly members: Members
  readonly tokens: MemberTokenClient
  readonly authenticate: (request: FastifyRequest) => Promise<Principal>
}

/** Headers of a FHIR request and reply that mean something to the other end. */
const REQUEST_HEADERS = ['accept', 'content-type', 'prefer', 'if-none-match', 'if-modified-since'] as const
const REPLY_HEADERS = [
  'content-type',
  'content-security-policy',
  'x-content-type-options',
  'x-security-context',
  'etag',
  'last-modified',
  'location',
  'content-location',
  'retry-after',
] as const

/** Adds the exchange to the server. */
export function exchange(app: FastifyInstance, parts: ExchangeParts): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const principal = await parts.authenticate(request)
    if (principal.kind === 'member') throw new SalusError('exchange-own-users', 'only this member’s own users exchange')
    requireReading(principal, request.url)
    const { member: handle } = request.params as { member: string }
    const member = parts.members.byHandle(handle)
    if (member === undefined || member.status !== 'active') {
      throw new SalusError('member-unknown', 'no active member has this name')
    }
    const answer = await forward(parts, principal, request, member.url, member.id)
    reply.code(answer.status)
    for (const name of REPLY_HEADERS) {
      const value = answer.headers.get(name)
      if (value !== null) reply.header(name, value)
    }
    return reply.send(answer.body)
  }
  const refuseWrites = async (): Promise<never> => {
    throw new SalusError('write-not-allowed', 'other members’ records may only be read')
  }
  for (const url of ['/exchange/:member/fhir', '/exchange/:member/fhir/*']) {
    app.route({ method: ['GET', 'HEAD', 'POST'], url, handler })
    app.route({ method: ['PUT', 'PATCH', 'DELETE'], url, handler: refuseWrites })
  }
}

/**
 * The scopes of one's own token hold for what is asked of others too: reading and searching the type, or everything
 * where the request is about no single type or about a whole record.
 * @throws SalusError `insufficient-scope`
 */
function requireReading(principal: Principal, url: string): void {
  const path = fhirPath(url).split('?', 1)[0] as string
  const [type = '', ...rest] = path.split('/').slice(2)
  const single = /^[A-Z][A-Za-z]*$/.test(type) && !rest.includes('$everything') && !isCompartment(rest)
  for (const action of ['read', 'search'] as const) requireScope(principal, single ? type : '*', action)
}

/** `Patient/1/Observation` and `Patient/1/*` are about other types than the first. */
function isCompartment(rest: readonly string[]): boolean {
  return rest[1] !== undefined && /^[A-Z*]/.test(rest[1])
}

async function forward(
  parts: ExchangeParts,
  principal: Principal,
  request: FastifyRequest,
  memberUrl: string,
  memberId: string,
): Promise<MemberReply> {
  const { code, emergency } = readPurpose(header(request, 'x-purpose-of-use'), header(request, 'x-emergency-reason'))
  const token = await parts.tokens.tokenFor(memberId, {
    practitioner: principal.practitioner,
    purpose: code,
    emergency,
  })
  const headers = new Headers({ authorization: `Bearer ${token}` })
  for (const name of REQUEST_HEADERS) {
    const value = header(request, name)
    if (value !== undefined) headers.set(name, value)
  }
  return fetchMember(memberUrl + fhirPath(request.url), {
    method: request.method,
    headers,
    redirect: 'manual',
    timeoutMs: EXCHANGE_TIMEOUT_MS,
    replyBytesMax: EXCHANGE_REPLY_BYTES_MAX,
    ...(request.method === 'POST' ? { body: request.body as Buffer<ArrayBuffer> } : {}),
  })
}

/** The path below the gateway, as the client wrote it; never leaves the custodian's FHIR base. */
function fhirPath(url: string): string {
  const below = url.replace(/^\/exchange\/[^/]+\/fhir/, '')
  const path = below.split('?', 1)[0] as string
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path) || /%2f|%5c|\\/i.test(path) || below.includes('#')) {
    throw new SalusError('exchange-path', 'the path leaves the FHIR base')
  }
  return `/fhir${below}`
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Reading the entries of a batch or transaction Bundle (FHIR R4 section 3.1.0.11). */
import { SalusError } from '@salus/core'
import { BATCH_ENTRIES_MAX, TRANSACTION_ENTRIES_MAX } from '../../limits.ts'
import type { FhirRequest } from './interaction.ts'
import type { Match, Router } from './route.ts'

export interface BundleEntry {
  readonly fullUrl: string | undefined
  readonly method: string
  /** Relative to the base URL, without the query. */
  readonly path: string
  /** Without `?`. */
  readonly query: string
  readonly headers: FhirRequest['headers']
  readonly resource: unknown
}

interface RequestBundle {
  readonly type: 'batch' | 'transaction'
  /** As they came: each is read on its own, because an entry of a batch fails alone. */
  readonly entries: readonly unknown[]
}

type Json = Readonly<Record<string, unknown>>

/** @throws SalusError `bundle-malformed`, `too-many-entries` */
export function readBundle(body: unknown): RequestBundle {
  if (!isObject(body) || body.resourceType !== 'Bundle') throw malformed('the body is not a Bundle')
  const { type, entry = [] } = body
  if (type !== 'batch' && type !== 'transaction') throw malformed('Bundle.type is neither batch nor transaction')
  if (!Array.isArray(entry)) throw malformed('Bundle.entry is not an array')
  const most = type === 'batch' ? BATCH_ENTRIES_MAX : TRANSACTION_ENTRIES_MAX
  if (entry.length > most) {
    throw new SalusError('too-many-entries', `a ${type} has at most ${most} entries`, { entriesMax: most })
  }
  return { type, entries: entry }
}

/** @throws SalusError `bundle-malformed` */
export function readEntry(entry: unknown, bases: readonly string[]): BundleEntry {
  if (!isObject(entry)) throw malformed('an entry is not an object')
  const { request, resource, fullUrl } = entry
  if (!isObject(request)) throw malformed('an entry has no request')
  const { method, url } = request
  if (typeof method !== 'string' || typeof url !== 'string') throw malformed('an entry has no method or no url')
  const base = bases.find((own) => url.startsWith(`${own}/`))
  const relative = base === undefined ? url : url.slice(base.length + 1)
  const mark = relative.indexOf('?')
  return {
    fullUrl: optionalText(fullUrl, 'fullUrl'),
    method,
    path: mark < 0 ? relative : relative.slice(0, mark),
    query: mark < 0 ? '' : relative.slice(mark + 1),
    headers: {
      ifMatch: optionalText(request.ifMatch, 'request.ifMatch'),
      ifNoneMatch: optionalText(request.ifNoneMatch, 'request.ifNoneMatch'),
      ifModifiedSince: optionalText(request.ifModifiedSince, 'request.ifModifiedSince'),
      ifNoneExist: optionalText(request.ifNoneExist, 'request.ifNoneExist'),
      prefer: undefined,
    },
    resource,
  }
}

/** The interaction that an entry asks for; HEAD is a GET of which nothing is shown. A bundle cannot be nested in a bundle. */
export function matchEntry(router: Router, entry: BundleEntry): Match {
  const method = entry.method === 'HEAD' ? 'GET' : entry.method
  if (entry.path === '' && method !== 'GET') throw malformed('an entry has no path')
  return router.match(method, entry.path, entry.query !== '')
}

/** The request of an entry, on behalf of who sent the bundle. */
export function entryRequest(outer: FhirRequest, entry: BundleEntry, { path }: Match): FhirRequest {
  const { principal, purpose, linkBase, replyBytesMax, spellings, report } = outer
  const { query, headers, resource } = entry
  return { principal, purpose, linkBase, replyBytesMax, path, query, headers, body: resource, spellings, report }
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw malformed(`${name} is not text`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string): SalusError {
  return new SalusError('bundle-malformed', message)
}

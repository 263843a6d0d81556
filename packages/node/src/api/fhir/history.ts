/** What the three history interactions share (FHIR R4 section 3.1.0.13). */
import { SalusError } from '@salus/core'
import type { Ask } from '../../gate/gate.ts'
import { PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX } from '../../limits.ts'
import type { HistoryRequest } from '../../vault/vault.ts'
import { bundleText, historyEntry, type Link } from './bundle-text.ts'
import type { FhirReply, FhirRequest, FhirServer } from './interaction.ts'
import { requireReplySize } from './reply-size.ts'

const INSTANT = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/
const CURSOR = /^[\w.~-]{1,256}$/

/**
 * Answers a page of the history of `scope`: an instance, a type, or everything.
 * @throws SalusError `history-parameter-malformed`, `not-found`; for other members `access-refused`
 */
export async function pageOfHistory(
  { gate, reader }: FhirServer,
  request: FhirRequest,
  interaction: Ask['interaction'],
  scope: { readonly type?: string; readonly id?: string },
): Promise<FhirReply> {
  const parameters = new URLSearchParams(request.query)
  const wanted: HistoryRequest = { ...scope, ...parseHistory(parameters) }
  const { type, id } = scope
  const instance = type !== undefined && id !== undefined ? { type, id } : null
  const { principal, purpose } = request
  const passage = await gate.open(principal, { interaction, patients: [], instance, purpose })
  const page = await reader.history(passage.permit, wanted)
  if (page.total === 0 && instance && !(await reader.read(passage.permit, instance.type, instance.id))) {
    await passage.notFound()
    throw new SalusError('not-found', 'there is no such resource')
  }
  requireReplySize(request, page.versions)
  await passage.close(page.versions)
  const entries = page.versions.map((version) => historyEntry(request.linkBase, version))
  return { status: 200, body: bundleText('history', page.total, links(request, scope, parameters, page.next), entries) }
}

function parseHistory(parameters: URLSearchParams): Omit<HistoryRequest, 'type' | 'id'> {
  const sinceMs = parseInstant(parameters.get('_since'))
  const atMs = parseInstant(parameters.get('_at'))
  const cursor = parameters.get('_cursor')
  if (cursor !== null && !CURSOR.test(cursor)) throw malformed('_cursor')
  return {
    count: parseCount(parameters.get('_count')),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(atMs === undefined ? {} : { atMs }),
    ...(cursor === null ? {} : { cursor }),
  }
}

function parseInstant(text: string | null): number | undefined {
  if (text === null) return undefined
  // A form-decoded query turns the plus of an unescaped time zone into a space.
  const timeMs = INSTANT.test(text.replace(' ', '+')) ? Date.parse(text.replace(' ', '+')) : Number.NaN
  if (Number.isNaN(timeMs)) throw malformed('_since and _at')
  return timeMs
}

function parseCount(text: string | null): number {
  if (text === null) return PAGE_COUNT_DEFAULT
  if (!/^\d{1,9}$/.test(text)) throw malformed('_count')
  return Math.min(Number(text), PAGE_COUNT_MAX)
}

function malformed(name: string): SalusError {
  return new SalusError('history-parameter-malformed', `malformed: ${name}`)
}

function links(
  { linkBase }: FhirRequest,
  { type, id }: { readonly type?: string; readonly id?: string },
  parameters: URLSearchParams,
  next: string | null,
): Link[] {
  const base = [linkBase, type, id, '_history'].filter((part) => part !== undefined).join('/')
  const kept = ['_count', '_since', '_at'].flatMap((name) => {
    const value = parameters.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  const url = (cursor: string | null): string => {
    const query = new URLSearchParams(
      [...kept, ...(cursor === null ? [] : [['_cursor', cursor] as const])].map((p) => [...p]),
    )
    return query.size === 0 ? base : `${base}?${query}`
  }
  const self: Link = { relation: 'self', url: url(parameters.get('_cursor')) }
  const first: Link = { relation: 'first', url: url(null) }
  return next === null ? [self, first] : [self, first, { relation: 'next', url: url(next) }]
}

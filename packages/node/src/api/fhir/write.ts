/**
 * Writing: every interaction that changes the vault first plans one change from what is there, and then either makes
 * it alone (here) or together with others (transaction.ts).
 */

import type { Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { allows } from '../../auth/scopes.ts'
import type { Passage } from '../../gate/gate.ts'
import type { Change, StoredVersion } from '../../vault/vault.ts'
import { issue, outcomeText } from './errors.ts'
import { type Preferences, parseEtag, parsePrefer } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer, WriteInteraction } from './interaction.ts'
import { RecordedLookups } from './lookups.ts'

/** What a plan may look up; what it reads or matches is a disclosure, also where the write then fails. */
export interface Lookups {
  /** Whether there is a resource that is not deleted. */
  exists(type: string, id: string): Promise<boolean>
  /** The current version, deleted ones included. @throws SalusError `reply-too-large` */
  read(type: string, id: string): Promise<StoredVersion | undefined>
  /**
   * The only match of a search.
   * @throws SalusError `condition-matches-many`, `condition-malformed`, `insufficient-scope`, `reply-too-large`, `search-…`
   */
  match(type: string, query: string): Promise<StoredVersion | undefined>
}

/** One change, or none where `existing` already is what was asked for (or nothing is there to delete). */
export interface Plan {
  readonly status: 200 | 201 | 204
  readonly change: Change | null
  readonly existing: StoredVersion | undefined
}

/** Completes the definition of a writing interaction with the handler that makes its one change. */
export function writeInteraction(definition: Omit<WriteInteraction, 'writes' | 'handle'>): WriteInteraction {
  return { ...definition, writes: true, handle: (server, request) => writeOne(definition, server, request) }
}

async function writeOne(
  definition: Pick<WriteInteraction, 'asks' | 'plan' | 'query'>,
  server: FhirServer,
  request: FhirRequest,
): Promise<FhirReply> {
  const { asks, plan } = definition
  const { principal, purpose, path, headers } = request
  const instance = path.id === '' ? null : { type: path.type, id: path.id }
  const passage = await server.gate.open(principal, { interaction: asks, patients: [], instance, purpose })
  const lookups = new RecordedLookups(server, request, passage.permit)
  const work = async (): Promise<readonly [Plan, StoredVersion | undefined]> => {
    const planned = await recording([[passage, lookups]], () => plan(lookups, request))
    if (planned.change === null) return [planned, planned.existing]
    return [planned, (await server.writer.write([planned.change]))[0]]
  }
  const [planned, version] = await (isConditional(definition, headers) ? server.conditional.run(work) : work())
  return writeReply(request, planned.status, version, parsePrefer(headers.prefer).return ?? 'representation')
}

/**
 * Does `work`, and records what was looked up meanwhile, whether it succeeds or not: a condition that matches too many
 * and a patch whose test fails tell something as well. Comes before the write, so that nothing is written where nothing
 * can be recorded.
 */
export async function recording<T>(
  passages: Iterable<readonly [Passage, RecordedLookups]>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } finally {
    for (const [passage, lookups] of passages) await passage.close(lookups.seen)
  }
}

/** True where a search decides what is written. */
export function isConditional({ query }: Pick<WriteInteraction, 'query'>, headers: FhirRequest['headers']): boolean {
  return query === 'required' || headers.ifNoneExist !== undefined
}

/**
 * The reply of a write (FHIR R4 sections 3.1.0.1.12, 3.1.0.4, 3.1.0.7 and 3.1.0.8). It shows the resource only to who
 * may read its type.
 */
export function writeReply(
  { principal, linkBase }: FhirRequest,
  status: Plan['status'],
  version: StoredVersion | undefined,
  preferred: NonNullable<Preferences['return']>,
): FhirReply {
  if (version === undefined) return { status: 204, body: '' }
  const about = { version: version.version, lastUpdatedMs: version.lastUpdatedMs }
  if (version.deleted) return { status: 204, body: '', ...about }
  const location = `${linkBase}/${version.type}/${version.id}/_history/${version.version}`
  if (preferred === 'OperationOutcome') return { status, body: STORED, location, ...about }
  const shown = preferred === 'representation' && allows(principal, version.type, 'read')
  return {
    status,
    body: shown ? version.text : '',
    location,
    ...(shown ? { contentLocation: location } : {}),
    ...about,
  }
}

const STORED = outcomeText([issue('information', 'informational', 'stored', 'the resource is stored')])

/** The change that stores the resource of a request under `id`; the resource is changed in place. */
export function put(request: FhirRequest, resource: Resource, id: string, method: 'POST' | 'PUT'): Change {
  const { headers, spellings } = request
  const ifVersion = headers.ifMatch === undefined ? {} : { ifVersion: parseEtag(headers.ifMatch) }
  return { kind: 'put', resource: Object.assign(resource, { id }), method, spellings, ...ifVersion }
}

/** @throws SalusError `id-mismatch` */
export function requireSameId(resource: Resource, id: string): void {
  if (resource.id === undefined) throw new SalusError('id-mismatch', 'an update carries its id in the resource too')
  if (resource.id !== id) throw new SalusError('id-mismatch', 'the id of the resource is not that of the URL')
}

/**
 * Bundles as text. A stored resource goes into a bundle with exactly the bytes that its commitment covers, so bundles
 * are composed around them and never made by serialising parsed resources.
 */
import type { BundleEntryResponse } from '@medplum/fhirtypes'
import type { StoredVersion } from '../../vault/vault.ts'
import { showResource, type View } from './view.ts'

export interface Link {
  readonly relation: 'self' | 'next' | 'first'
  readonly url: string
}

/** `entries` are JSON texts. */
export function bundleText(
  type: 'searchset' | 'history' | 'batch-response' | 'transaction-response',
  total: number | undefined,
  links: readonly Link[],
  entries: readonly string[],
): string {
  const head = `{"resourceType":"Bundle","meta":{"lastUpdated":"${new Date().toISOString()}"},"type":"${type}"`
  const counted = total === undefined ? '' : `,"total":${total}`
  const linked = links.length === 0 ? '' : `,"link":${JSON.stringify(links)}`
  return `${head}${counted}${linked}${entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`}}`
}

/** An entry of a searchset. Types and ids need no escaping: both are of `[A-Za-z0-9.-]`. */
export function searchEntry(linkBase: string, version: StoredVersion, mode: 'match' | 'include', view: View): string {
  const resource = showResource(version.text, view)
  return `{"fullUrl":"${linkBase}/${version.type}/${version.id}","resource":${resource},"search":{"mode":"${mode}"}}`
}

/** An entry that tells of the search itself, such as a parameter that was passed over. */
export function outcomeEntry(outcome: string): string {
  return `{"resource":${outcome},"search":{"mode":"outcome"}}`
}

/** An entry of a history (FHIR R4 section 3.1.0.13): the version, how it came to be, and what that answered. */
export function historyEntry(linkBase: string, version: StoredVersion): string {
  const { type, id, method } = version
  const status = method === 'DELETE' ? '204' : version.version === '1' || version.revives ? '201' : '200'
  const request = { method, url: method === 'POST' ? type : `${type}/${id}` }
  const lastModified = new Date(version.lastUpdatedMs).toISOString()
  const response = { status, etag: `W/"${version.version}"`, lastModified }
  const resource = version.deleted ? '' : `"resource":${version.text},`
  const about = `"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}`
  return `{"fullUrl":"${linkBase}/${type}/${id}",${resource}${about}}`
}

/** An entry of a batch or transaction response; `resource` and `outcome` are JSON texts or empty. */
export function responseEntry(
  resource: string,
  response: Omit<BundleEntryResponse, 'outcome'>,
  outcome: string,
): string {
  const shown = resource === '' ? '' : `"resource":${resource},`
  const answered = JSON.stringify(response)
  const told = outcome === '' ? answered : `${answered.slice(0, -1)},"outcome":${outcome}}`
  return `{${shown}"response":${told}}`
}

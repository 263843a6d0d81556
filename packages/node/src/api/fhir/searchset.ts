/** What all searches share: decide, search, record, and a searchset Bundle (FHIR R4 section 3.1.1). */
import { allows } from '../../auth/scopes.ts'
import type { Passage } from '../../gate/gate.ts'
import { CURSOR_PARAMETER } from '../../vault/search/parse.ts'
import type { SearchPage } from '../../vault/search/request.ts'
import { bundleText, type Link, outcomeEntry, searchEntry } from './bundle-text.ts'
import { issue, outcomeText } from './errors.ts'
import type { FhirReply, FhirRequest, FhirServer } from './interaction.ts'
import { requireReplySize } from './reply-size.ts'
import { readSearch, type SearchScope, type WantedSearch } from './search-query.ts'

/** @throws SalusError `search-…`, `access-refused` */
export async function runSearch(server: FhirServer, request: FhirRequest, scope: SearchScope): Promise<FhirReply> {
  const { principal, purpose } = request
  const wanted = readSearch(server, request, scope)
  const interaction = scope.type === null ? 'search-system' : 'search-type'
  const { patients } = wanted.search
  const passage = await server.gate.open(principal, { interaction, patients, instance: null, purpose })
  const page = await server.reader.search(passage.permit, wanted.search)
  return releasePage(request, passage, pathOf(scope), wanted, page)
}

function pathOf({ type, patient }: SearchScope): string {
  return patient === undefined ? (type ?? '') : `Patient/${patient}/${type ?? '*'}`
}

/** Records a page and answers with it; `path` is that of its paging links. */
export async function releasePage(
  { principal, linkBase, replyBytesMax }: FhirRequest,
  passage: Passage,
  path: string,
  { search, ignored, cursor }: WantedSearch,
  page: SearchPage,
): Promise<FhirReply> {
  // Includes may reach types that the token does not cover; the criteria have been checked before.
  const included = page.included.filter(({ type }) => allows(principal, type, 'read'))
  const released = [...page.matches, ...included]
  requireReplySize({ replyBytesMax }, released)
  await passage.close(released, page.counted)
  const entries = [
    ...page.matches.map((version) => searchEntry(linkBase, version, 'match', search)),
    ...included.map((version) => searchEntry(linkBase, version, 'include', search)),
    ...(ignored.length === 0 ? [] : [outcomeEntry(passedOver(ignored))]),
  ]
  const base = path === '' ? linkBase : `${linkBase}/${path}`
  return {
    status: 200,
    body: bundleText('searchset', page.total, links(base, search.applied, cursor, page.next), entries),
  }
}

type Pairs = WantedSearch['search']['applied']

function links(base: string, applied: Pairs, cursor: string | null, next: string | null): Link[] {
  const at = (place: string | null): string =>
    url(base, place === null ? applied : [...applied, [CURSOR_PARAMETER, place]])
  return [
    { relation: 'self', url: at(cursor) },
    { relation: 'first', url: at(null) },
    ...(next === null ? [] : [{ relation: 'next', url: at(next) } as const]),
  ]
}

function url(base: string, pairs: Pairs): string {
  const query = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  return query === '' ? base : `${base}?${query}`
}

function passedOver(names: readonly string[]): string {
  const known = names.map((name) => name.slice(0, 64)).join(', ')
  return outcomeText([issue('warning', 'not-supported', 'search-parameter-ignored', `passed over: ${known}`)])
}

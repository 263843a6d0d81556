/** batch (FHIR R4 section 3.1.0.11.1): every entry is a request of its own, decided, recorded and answered by itself. */
import { STATUS_CODES } from 'node:http'
import { entryRequest, matchEntry, readEntry } from './bundle-entries.ts'
import { bundleText, responseEntry } from './bundle-text.ts'
import { dispatch } from './dispatch.ts'
import { errorReply } from './errors.ts'
import { etag, parsePrefer } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer } from './interaction.ts'

export async function runBatch(
  server: FhirServer,
  request: FhirRequest,
  entries: readonly unknown[],
): Promise<FhirReply> {
  const showWritten = parsePrefer(request.headers.prefer).return === 'representation'
  const texts: string[] = []
  for (const entry of entries) texts.push(await answer(server, request, entry, showWritten))
  return { status: 200, body: bundleText('batch-response', undefined, [], texts) }
}

async function answer(server: FhirServer, outer: FhirRequest, raw: unknown, showWritten: boolean): Promise<string> {
  try {
    const entry = readEntry(raw, server.fhirBase)
    const match = matchEntry(server.router, entry)
    const reply = await dispatch(match.interaction, server, entryRequest(outer, entry, match))
    const show = !match.interaction.writes || showWritten
    return replyEntry(reply, show && entry.method !== 'HEAD')
  } catch (error) {
    outer.report(error)
    return replyEntry(errorReply(error), false)
  }
}

/** The response entry of a reply, with the resource that it brings if `show`. Outcomes of errors are always there. */
export function replyEntry(reply: FhirReply, show: boolean): string {
  const { status, body, location, version, lastUpdatedMs } = reply
  const response = {
    status: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    ...(location === undefined ? {} : { location }),
    ...(version === undefined ? {} : { etag: etag(version) }),
    ...(lastUpdatedMs === undefined ? {} : { lastModified: new Date(lastUpdatedMs).toISOString() }),
  }
  return status >= 400 ? responseEntry('', response, body) : responseEntry(show ? body : '', response, '')
}

/** batch (FHIR R4 section 3.1.0.11.1): every entry is a request of its own, decided, recorded and answered by itself. */
import { STATUS_CODES } from 'node:http'
import { entryRequest, matchEntry, readEntry } from './bundle-entries.ts'
import { bundleText, responseEntry } from './bundle-text.ts'
import { dispatch } from './dispatch.ts'
import { errorReply } from './errors.ts'
import { etag, parsePrefer } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer } from './interaction.ts'
import { ReplyBudget } from './reply-size.ts'

export async function runBatch(
  server: FhirServer,
  request: FhirRequest,
  entries: readonly unknown[],
): Promise<FhirReply> {
  const showWritten = parsePrefer(request.headers.prefer).return === 'representation'
  const budget = new ReplyBudget(request.replyBytesMax)
  const texts: string[] = []
  for (const entry of entries) texts.push(await answer(server, request, entry, showWritten, budget))
  return { status: 200, body: bundleText('batch-response', undefined, [], texts) }
}

async function answer(
  server: FhirServer,
  outer: FhirRequest,
  raw: unknown,
  showWritten: boolean,
  budget: ReplyBudget,
): Promise<string> {
  try {
    const entry = readEntry(raw, [server.fhirBase, outer.linkBase])
    const match = matchEntry(server.router, entry)
    const request = { ...entryRequest(outer, entry, match), replyBytesMax: budget.bytesLeft }
    const reply = await dispatch(match.interaction, server, request)
    const show = (!match.interaction.writes || showWritten) && entry.method !== 'HEAD'
    if (show) budget.spend(reply)
    return replyEntry(reply, show)
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

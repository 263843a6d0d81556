/** The end that read and vread share: record what is released, and answer with it. */
import { SalusError } from '@salus/core'
import type { Passage } from '../../gate/gate.ts'
import type { StoredVersion } from '../../vault/vault.ts'
import { isNotModified } from './headers.ts'
import type { FhirReply, FhirRequest } from './interaction.ts'
import { requireReplySize } from './reply-size.ts'
import { parseView, showResource, WHOLE } from './view.ts'

/** @throws SalusError `not-found`, `gone`; for other members `access-refused` instead, by the passage */
export async function releaseVersion(
  request: FhirRequest,
  passage: Passage,
  version: StoredVersion | undefined,
): Promise<FhirReply> {
  const view = request.query === '' ? WHOLE : parseView(new URLSearchParams(request.query))
  if (version === undefined || version.deleted) {
    await passage.notFound()
    if (version === undefined) throw new SalusError('not-found', 'there is no such resource')
    throw new SalusError('gone', 'the resource was deleted')
  }
  requireReplySize(request, [version])
  // That a version is still the current one is told about the patient too, so 304 is recorded like the rest.
  await passage.close([version])
  const about = { version: version.version, lastUpdatedMs: version.lastUpdatedMs }
  const { ifNoneMatch, ifModifiedSince } = request.headers
  if (isNotModified(ifNoneMatch, ifModifiedSince, version)) return { status: 304, body: '', ...about }
  return { status: 200, body: showResource(version.text, view), ...about }
}

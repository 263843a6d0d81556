/** patch: `PATCH [base]/[type]/[id]` with a JSON Patch (FHIR R4 section 3.1.0.6). */
import { SalusError } from '@salus/core'
import { REQUEST_BYTES_MAX } from '../../../limits.ts'
import { parseFhirJson } from '../../../vault/fhir-json.ts'
import { requireResource } from '../body.ts'
import type { FhirRequest } from '../interaction.ts'
import { applyPatch } from '../json-patch.ts'
import { put, requireSameId, writeInteraction } from '../write.ts'

export const patch = writeInteraction({
  name: 'patch',
  method: 'PATCH',
  path: '/:type/:id',
  right: 'update',
  asks: 'update',
  plan: async ({ current }, request) => {
    const { path, headers } = request
    const before = await current(path.type, path.id)
    if (before === undefined) throw new SalusError('not-found', 'there is no such resource')
    if (before.deleted) throw new SalusError('gone', 'the resource was deleted')
    const document = parseFhirJson(before.text, REQUEST_BYTES_MAX)
    const { resource: operations, spellings } = patchOf(request)
    applyPatch(document.resource as object, operations)
    const resource = requireResource(document.resource, path.type)
    requireSameId(resource, path.id)
    const patched: FhirRequest = {
      ...request,
      // The patch was made for this version, and must not overwrite a later one.
      headers: { ...headers, ifMatch: headers.ifMatch ?? `W/"${before.version}"` },
      spellings: new Map([...document.spellings, ...spellings]),
    }
    return { status: 200, change: put(patched, resource, path.id, 'PUT'), existing: undefined }
  },
})

/** A patch is the body itself, or inside a bundle a Binary that holds it. */
function patchOf({ body, spellings }: FhirRequest): ReturnType<typeof parseFhirJson> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { resource: body, spellings }
  const { resourceType, contentType, data } = body as Readonly<Record<string, unknown>>
  if (resourceType === 'Binary' && contentType === 'application/json-patch+json' && typeof data === 'string') {
    return parseFhirJson(Buffer.from(data, 'base64'))
  }
  return { resource: body, spellings }
}

/**
 * patch and conditional patch: `PATCH [base]/[type]/[id]` and `PATCH [base]/[type]?[search]` with a JSON Patch
 * (FHIR R4 section 3.1.0.6).
 */
import { SalusError } from '@salus/core'
import { REQUEST_BYTES_MAX } from '../../../limits.ts'
import { parseFhirJson, parseSpelled, writeFhirJson } from '../../../vault/fhir-json.ts'
import type { StoredVersion } from '../../../vault/vault.ts'
import { requireResource } from '../body.ts'
import type { FhirRequest } from '../interaction.ts'
import { applyPatch } from '../json-patch.ts'
import { type Plan, put, requireSameId, writeInteraction } from '../write.ts'

export const patch = writeInteraction({
  name: 'patch',
  method: 'PATCH',
  path: '/:type/:id',
  right: 'update',
  asks: 'update',
  plan: async (lookups, request) => planPatch(request, await lookups.read(request.path.type, request.path.id)),
})

export const conditionalPatch = writeInteraction({
  name: 'conditional-patch',
  method: 'PATCH',
  path: '/:type',
  query: 'required',
  right: 'update',
  asks: 'update',
  plan: async (lookups, request) => planPatch(request, await lookups.match(request.path.type, request.query)),
})

/** @throws SalusError `not-found`, `gone`, `patch-…`, `resource-invalid`, `id-mismatch` */
function planPatch(request: FhirRequest, before: StoredVersion | undefined): Plan {
  if (before === undefined) throw new SalusError('not-found', 'there is no such resource')
  if (before.deleted) throw new SalusError('gone', 'the resource was deleted')
  const text = applyPatch(parseSpelled(before.text) as object, patchOf(request))
  const after = parseFhirJson(text, REQUEST_BYTES_MAX)
  const resource = requireResource(after.resource, before.type)
  requireSameId(resource, before.id)
  const patched: FhirRequest = {
    ...request,
    // The patch was made for this version, and must not overwrite a later one.
    headers: { ...request.headers, ifMatch: request.headers.ifMatch ?? `W/"${before.version}"` },
    spellings: after.spellings,
  }
  return { status: 200, change: put(patched, resource, before.id, 'PUT'), existing: undefined }
}

/** A patch is the body itself, or inside a bundle a Binary that holds it. */
function patchOf({ body, spellings }: Pick<FhirRequest, 'body' | 'spellings'>): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { resourceType, contentType, data } = body as Readonly<Record<string, unknown>>
  if (resourceType === 'Binary' && contentType === 'application/json-patch+json' && typeof data === 'string') {
    const held = parseFhirJson(Buffer.from(data, 'base64'))
    return patchOf({ body: held.resource, spellings: held.spellings })
  }
  return spellings.size === 0 ? body : parseSpelled(writeFhirJson(body, spellings))
}

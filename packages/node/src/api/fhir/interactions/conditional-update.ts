/** conditional update: `PUT [base]/[type]?[search]` (FHIR R4 section 3.1.0.4.3). */
import { randomUUID } from 'node:crypto'
import { requireResource } from '../body.ts'
import { put, requireSameId, writeInteraction } from '../write.ts'

export const conditionalUpdate = writeInteraction({
  name: 'conditional-update',
  method: 'PUT',
  path: '/:type',
  query: 'required',
  right: 'update',
  asks: 'update',
  plan: async (lookups, request) => {
    const { path, query, body } = request
    const resource = requireResource(body, path.type)
    const found = await lookups.match(path.type, query)
    if (found && resource.id !== undefined) requireSameId(resource, found.id)
    const id = found?.id ?? resource.id ?? randomUUID()
    return { status: found ? 200 : 201, change: put(request, resource, id, 'PUT'), existing: undefined }
  },
})

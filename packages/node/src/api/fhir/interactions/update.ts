/** update, and update as create: `PUT [base]/[type]/[id]` (FHIR R4 section 3.1.0.4). */
import { requireResource } from '../body.ts'
import { put, requireSameId, writeInteraction } from '../write.ts'

export const update = writeInteraction({
  name: 'update',
  method: 'PUT',
  path: '/:type/:id',
  right: 'update',
  asks: 'update',
  plan: async (lookups, request) => {
    const { path, body } = request
    const resource = requireResource(body, path.type)
    requireSameId(resource, path.id)
    // Bringing back what was deleted is a creation too.
    const status = (await lookups.exists(path.type, path.id)) ? 200 : 201
    return { status, change: put(request, resource, path.id, 'PUT'), existing: undefined }
  },
})

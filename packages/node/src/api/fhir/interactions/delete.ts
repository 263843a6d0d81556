/** delete: `DELETE [base]/[type]/[id]`; deleting what is not there succeeds (FHIR R4 section 3.1.0.7). */
import { parseEtag } from '../headers.ts'
import { writeInteraction } from '../write.ts'

export const deleteInstance = writeInteraction({
  name: 'delete',
  method: 'DELETE',
  path: '/:type/:id',
  right: 'delete',
  asks: 'delete',
  plan: async (lookups, { path, headers }) => {
    const { type, id } = path
    const ifVersion = headers.ifMatch === undefined ? {} : { ifVersion: parseEtag(headers.ifMatch) }
    if (!(await lookups.exists(type, id))) return { status: 204, change: null, existing: undefined }
    return { status: 204, change: { kind: 'delete', type, id, ...ifVersion }, existing: undefined }
  },
})

/** conditional delete of a single resource: `DELETE [base]/[type]?[search]` (FHIR R4 section 3.1.0.7.1). */
import { writeInteraction } from '../write.ts'

export const conditionalDelete = writeInteraction({
  name: 'conditional-delete',
  method: 'DELETE',
  path: '/:type',
  query: 'required',
  right: 'delete',
  asks: 'delete',
  plan: async (lookups, { path, query }) => {
    const { type } = path
    const found = await lookups.match(type, query)
    if (found === undefined) return { status: 204, change: null, existing: undefined }
    return { status: 204, change: { kind: 'delete', type, id: found.id }, existing: undefined }
  },
})

/** read: `GET [base]/[type]/[id]` (FHIR R4 section 3.1.0.2). */
import type { Interaction } from '../interaction.ts'
import { releaseVersion } from '../release.ts'

export const read: Interaction = {
  name: 'read',
  method: 'GET',
  path: '/:type/:id',
  right: 'read',
  writes: false,
  handle: async ({ gate, reader }, request) => {
    const { principal, purpose, path } = request
    const instance = { type: path.type, id: path.id }
    const passage = await gate.open(principal, { interaction: 'read', patients: [], instance, purpose })
    const version = await reader.read(passage.permit, path.type, path.id)
    return releaseVersion(request, passage, version)
  },
}

/** vread: `GET [base]/[type]/[id]/_history/[version]` (FHIR R4 section 3.1.0.3). */
import type { Interaction } from '../interaction.ts'
import { releaseVersion } from '../release.ts'

export const vread: Interaction = {
  name: 'vread',
  method: 'GET',
  path: '/:type/:id/_history/:version',
  right: 'read',
  writes: false,
  handle: async ({ gate, reader }, request) => {
    const { principal, purpose, path } = request
    const instance = { type: path.type, id: path.id }
    const passage = await gate.open(principal, { interaction: 'vread', patients: [], instance, purpose })
    const version = await reader.vread(passage.permit, path.type, path.id, path.version)
    return releaseVersion(request, passage, version)
  },
}

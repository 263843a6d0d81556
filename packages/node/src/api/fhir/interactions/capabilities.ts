/** capabilities: `GET [base]/metadata` (FHIR R4 section 3.1.0.9). */
import type { Interaction } from '../interaction.ts'

export const capabilities: Interaction = {
  name: 'capabilities',
  method: 'GET',
  path: '/metadata',
  right: null,
  writes: false,
  isPublic: true,
  handle: async (server, { linkBase }) => ({ status: 200, body: server.capabilities(linkBase) }),
}

/** history of an instance: `GET [base]/[type]/[id]/_history` (FHIR R4 section 3.1.0.13). */
import { pageOfHistory } from '../history.ts'
import type { Interaction } from '../interaction.ts'

export const historyInstance: Interaction = {
  name: 'history-instance',
  method: 'GET',
  path: '/:type/:id/_history',
  right: 'read',
  writes: false,
  handle: (server, request) =>
    pageOfHistory(server, request, 'history-instance', { type: request.path.type, id: request.path.id }),
}

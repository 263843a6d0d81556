/** history of a type: `GET [base]/[type]/_history` (FHIR R4 section 3.1.0.13). */
import { pageOfHistory } from '../history.ts'
import type { Interaction } from '../interaction.ts'

export const historyType: Interaction = {
  name: 'history-type',
  method: 'GET',
  path: '/:type/_history',
  right: 'search',
  writes: false,
  handle: (server, request) => pageOfHistory(server, request, 'history-type', { type: request.path.type }),
}

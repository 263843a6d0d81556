/** history of everything: `GET [base]/_history` (FHIR R4 section 3.1.0.13). */
import { requireScope } from '../../../auth/scopes.ts'
import { pageOfHistory } from '../history.ts'
import type { Interaction } from '../interaction.ts'

export const historySystem: Interaction = {
  name: 'history-system',
  method: 'GET',
  path: '/_history',
  right: null,
  writes: false,
  handle: async (server, request) => {
    requireScope(request.principal, '*', 'search')
    return pageOfHistory(server, request, 'history-system', {})
  },
}

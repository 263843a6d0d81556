/** search of all types: `GET [base]` and `POST [base]/_search` (FHIR R4 section 3.1.0.10). */
import type { Interaction } from '../interaction.ts'
import { runSearch } from '../searchset.ts'

const search: Omit<Interaction, 'method' | 'path'> = {
  name: 'search-system',
  right: null,
  writes: false,
  handle: (server, request) => runSearch(server, request, { type: null }),
}

export const searchSystem: Interaction = { ...search, method: 'GET', path: '/' }
export const searchSystemByPost: Interaction = { ...search, method: 'POST', path: '/_search' }

/** search of a type: `GET [base]/[type]` and `POST [base]/[type]/_search` (FHIR R4 section 3.1.0.10). */
import type { Interaction } from '../interaction.ts'
import { runSearch } from '../searchset.ts'

const search: Omit<Interaction, 'method' | 'path'> = {
  name: 'search-type',
  right: 'search',
  writes: false,
  handle: (server, request) => runSearch(server, request, { type: request.path.type }),
}

export const searchType: Interaction = { ...search, method: 'GET', path: '/:type' }
export const searchTypeByPost: Interaction = { ...search, method: 'POST', path: '/:type/_search' }

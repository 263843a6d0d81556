/**
 * search of the Patient compartment: `GET [base]/Patient/[id]/[type]`, `GET [base]/Patient/[id]/*`, and by
 * `POST …/_search` (FHIR R4 section 3.1.0.10).
 */
import { requireScope } from '../../../auth/scopes.ts'
import type { Interaction } from '../interaction.ts'
import { runSearch } from '../searchset.ts'

const search: Omit<Interaction, 'method' | 'path'> = {
  name: 'search-compartment',
  right: null,
  writes: false,
  handle: async (server, request) => {
    const { member, id } = request.path
    if (member === '*') return runSearch(server, request, { type: null, patient: id })
    requireScope(request.principal, member, 'search')
    return runSearch(server, request, { type: member, patient: id })
  },
}

export const searchCompartment: Interaction = { ...search, method: 'GET', path: '/Patient/:id/:member' }
export const searchCompartmentByPost: Interaction = { ...search, method: 'POST', path: '/Patient/:id/:member/_search' }

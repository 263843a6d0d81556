/** What the CapabilityStatement says of AuditEvents: they are read and searched, and never written. */
import type { CapabilityStatementRestResource } from '@medplum/fhirtypes'
import { parametersOf } from '../vault/index/parameters.ts'
import { SUPPORTED } from './audit-search.ts'

const own = SUPPORTED.map((code) => {
  const parameter = parametersOf('AuditEvent').get(code)
  return { name: code, type: parameter?.type as NonNullable<typeof parameter>['type'] }
})

/** Replaces what the statement says of types in general. */
export const AUDIT_EVENT_CAPABILITY: Partial<CapabilityStatementRestResource> = {
  interaction: [{ code: 'read' }, { code: 'vread' }, { code: 'search-type' }],
  readHistory: false,
  updateCreate: false,
  conditionalCreate: false,
  conditionalUpdate: false,
  conditionalDelete: 'not-supported',
  searchParam: [{ name: '_id', type: 'token' }, { name: '_lastUpdated', type: 'date' }, ...own],
}

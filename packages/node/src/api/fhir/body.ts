/** The resource that a create or update brings. */

import type { Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { validateResource } from '../../vault/validate.ts'

/**
 * The body as a resource of `type`, structurally valid.
 * @throws SalusError `resource-missing`, `resource-type-mismatch`, `resource-invalid`
 */
export function requireResource(body: unknown, type: string): Resource {
  if (typeof body !== 'object' || body === null || !('resourceType' in body)) {
    throw new SalusError('resource-missing', 'the body is not a FHIR resource')
  }
  if (body.resourceType !== type) {
    throw new SalusError('resource-type-mismatch', 'the type of the resource is not that of the URL')
  }
  return validateResource(body)
}

/**
 * `$validate`: `POST [base]/[type]/$validate` and `POST [base]/[type]/[id]/$validate`
 * (http://hl7.org/fhir/R4/resource-operation-validate.html). Structure, cardinality and required codes of the base
 * resource are checked; profiles are not.
 */
import { isSalusError } from '@salus/core'
import { requireResource } from '../body.ts'
import { errorReply, issue, outcomeText, statusOf } from '../errors.ts'
import type { Interaction } from '../interaction.ts'

const operation: Omit<Interaction, 'path'> = {
  name: 'validate',
  method: 'POST',
  right: null,
  writes: false,
  handle: async (_server, { path, body }) => {
    try {
      requireResource(resourceParameter(body), path.type)
      return { status: 200, body: VALID }
    } catch (error) {
      if (!isSalusError(error) || statusOf(error)[0] === 500) throw error
      return { ...errorReply(error), status: 200 }
    }
  },
}

const VALID = outcomeText([issue('information', 'informational', 'resource-valid', 'the resource is valid')])

/** The resource to validate comes alone or as the parameter `resource`. */
function resourceParameter(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { resourceType, parameter } = body as { resourceType?: unknown; parameter?: unknown }
  if (resourceType !== 'Parameters' || !Array.isArray(parameter)) return body
  return (parameter as { name?: unknown; resource?: unknown }[]).find(({ name }) => name === 'resource')?.resource
}

export const validate: Interaction = { ...operation, path: '/:type/$validate' }
export const validateInstance: Interaction = { ...operation, path: '/:type/:id/$validate' }

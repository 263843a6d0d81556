/**
 * `$validate`: `POST [base]/[type]/$validate` and `POST [base]/[type]/[id]/$validate`
 * (http://hl7.org/fhir/R4/resource-operation-validate.html). Structure, cardinality and required codes of the base
 * resource are checked, as if to create or update it; a nominated profile other than the base resource's own, which
 * cannot be checked, is an error, as that page says.
 */
import { isSalusError, SalusError } from '@salus/core'
import { requireResource } from '../body.ts'
import { errorReply, issue, outcomeText, statusOf } from '../errors.ts'
import type { Interaction } from '../interaction.ts'
import { type Parameter, parametersOf, primitiveOf } from '../operation-parameters.ts'

const operation: Omit<Interaction, 'path'> = {
  name: 'validate',
  method: 'POST',
  right: null,
  writes: false,
  handle: async (_server, { path, query, body }) => {
    requireKnown(path.type, new URLSearchParams(query), parametersOf(body) ?? [])
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
  const parameters = parametersOf(body)
  return parameters === undefined ? body : parameters.find(({ name }) => name === 'resource')?.resource
}

/** @throws SalusError `validate-profile-unknown`, `validate-mode-unsupported` */
function requireKnown(type: string, query: URLSearchParams, parameters: readonly Parameter[]): void {
  const named = (name: string): (string | undefined)[] => {
    const own = parameters.filter((parameter) => parameter.name === name)
    return [...query.getAll(name), ...own.map(primitiveOf)]
  }
  const core = `http://hl7.org/fhir/StructureDefinition/${type}`
  if (named('profile').some((profile) => profile !== core && profile !== `${core}|4.0.1`)) {
    throw new SalusError('validate-profile-unknown', 'this server cannot validate against the profile')
  }
  if (named('mode').some((mode) => mode !== 'create' && mode !== 'update')) {
    throw new SalusError('validate-mode-unsupported', 'this server validates for create and update')
  }
}

export const validate: Interaction = { ...operation, path: '/:type/$validate' }
export const validateInstance: Interaction = { ...operation, path: '/:type/:id/$validate' }

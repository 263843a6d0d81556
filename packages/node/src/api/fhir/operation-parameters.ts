/** The input of an operation: a Parameters resource, or a query string (FHIR R4 section 3.2.0.2). */
import { SalusError } from '@salus/core'
import type { FhirRequest } from './interaction.ts'

export type Parameter = Readonly<Record<string, unknown>>

/** The parameters of a body that is Parameters; undefined for any other body. */
export function parametersOf(body: unknown): readonly Parameter[] | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { resourceType, parameter } = body as { resourceType?: unknown; parameter?: unknown }
  if (resourceType !== 'Parameters') return undefined
  if (!Array.isArray(parameter)) return []
  return parameter.filter((one) => typeof one === 'object' && one !== null)
}

/** The value of a parameter that is a primitive; undefined for others. */
export function primitiveOf(parameter: Parameter): string | undefined {
  const [, value] = Object.entries(parameter).find(([name]) => name.startsWith('value')) ?? []
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/**
 * The query of a request, with the parameters of its body after it.
 * @throws SalusError `resource-type-mismatch`, `query-parameter-malformed`
 */
export function withParameters({ query, body }: Pick<FhirRequest, 'query' | 'body'>): string {
  if (body === undefined) return query
  const parameters = parametersOf(body)
  if (!parameters) throw new SalusError('resource-type-mismatch', 'the body of this operation is Parameters')
  const pairs = parameters.map((parameter): [string, string] => {
    const value = primitiveOf(parameter)
    if (typeof parameter.name === 'string' && value !== undefined) return [parameter.name, value]
    throw new SalusError('query-parameter-malformed', 'a parameter has a name and a primitive value')
  })
  return [query, new URLSearchParams(pairs).toString()].filter((part) => part !== '').join('&')
}

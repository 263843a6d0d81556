/** The OpenAPI 3.1 description of everything that is not FHIR, from the operations themselves. */
import { z } from 'zod'
import type { Operation } from './operation.ts'

/** What a description needs of a group: who calls it and with what parts does not matter. */
export interface DescribedGroup {
  readonly name: string
  readonly prefix: string
  readonly operations: readonly Omit<Operation<never, never>, 'run'>[]
}

const ERROR = {
  description: 'An error: `{"error":{"code","message","details"}}`; codes are stable',
  content: { 'application/json': { schema: { type: 'object' } } },
}

/** A description of these groups at `url`. */
export function openApi(url: string, groups: readonly DescribedGroup[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const group of groups) {
    for (const operation of group.operations) {
      const path = (group.prefix + operation.path).replaceAll(/:([A-Za-z]+)/g, '{$1}').replace(/\*$/, '{path}')
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] as string)
      paths[path] = {
        ...paths[path],
        [operation.method.toLowerCase()]: {
          tags: [group.name],
          summary: operation.summary,
          parameters: [
            ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
            ...queryParameters(operation.query),
          ],
          ...(operation.body === undefined ? {} : { requestBody: requestBody(operation.body) }),
          responses: { 200: { description: 'Done' }, default: ERROR },
        },
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Salus node', version: '1', description: 'All that a node serves besides FHIR at /fhir' },
    servers: [{ url }],
    paths,
  }
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>
}

function requestBody(schema: z.ZodType): unknown {
  return { required: true, content: { 'application/json': { schema: jsonSchema(schema) } } }
}

function queryParameters(schema: z.ZodType | undefined): unknown[] {
  if (schema === undefined) return []
  const { properties } = jsonSchema(schema) as { properties?: Record<string, unknown> }
  return Object.entries(properties ?? {}).map(([name, of]) => ({ name, in: 'query', required: false, schema: of }))
}

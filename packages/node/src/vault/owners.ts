/**
 * Whose record a resource belongs to: the Patient compartment of FHIR R4 (CompartmentDefinition `patient`), in the
 * order of its parameters. A Patient owns itself. A resource that the compartment does not place inherits the owners of
 * the resources that it refers to: provenance of an observation is as private as the observation.
 */
import type { Resource } from '@medplum/fhirtypes'
import { definitions } from './definitions/definitions.ts'
import { parametersOf } from './index/parameters.ts'
import type { PathUse } from './index/paths.ts'
import { parseLocalReference } from './index/references.ts'

/** Resources whose references lead between patients by their nature. */
const LINKS = new Set(['Patient', 'Group', 'RelatedPerson', 'Person'])

/** True when a reference from a resource of type `from` to one of type `to` may join two patients. */
export function mayLinkPatients(from: string, to: string): boolean {
  return LINKS.has(from) || LINKS.has(to)
}

const pathsByType = new Map<string, readonly PathUse[]>()

function compartmentPaths(type: string): readonly PathUse[] {
  let paths = pathsByType.get(type)
  if (!paths) {
    const parameters = parametersOf(type)
    const codes = definitions.compartment[type] ?? []
    paths = codes.flatMap((code) => parameters.get(code)?.uses ?? [])
    pathsByType.set(type, paths)
  }
  return paths
}

/** Ids of the patients in whose compartments the resource itself says it is, each once, the first one first. */
export function compartmentPatients(resource: Resource & { id: string }, base: string): string[] {
  if (resource.resourceType === 'Patient') return [resource.id]
  const patients = new Set<string>()
  for (const { path } of compartmentPaths(resource.resourceType)) {
    path.visit(resource, (value) => {
      const reference = typeof value === 'object' ? (value as { reference?: unknown } | null)?.reference : undefined
      const local = typeof reference === 'string' ? parseLocalReference(reference, base) : undefined
      if (local?.type === 'Patient') patients.add(local.id)
    })
  }
  return [...patients]
}

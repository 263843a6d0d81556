/** One patient's record as the custodian's administrator sees it, type by type. */
import type { CapabilityStatement } from '@medplum/fhirtypes'
import { referencesOf } from './expected.ts'
import type { FhirClient, Stored } from './fhir.ts'

/** Types of the synthetic records that belong to a patient. */
export const RECORD_TYPES = [
  'AllergyIntolerance',
  'CarePlan',
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Immunization',
  'MedicationRequest',
  'Observation',
  'Procedure',
] as const

/** The Patient and every resource of {@link RECORD_TYPES} that refers to it. */
export async function recordOf(admin: FhirClient, patient: string): Promise<readonly Stored[]> {
  const own = await admin.found<Stored>(patient)
  const pages = await Promise.all(RECORD_TYPES.map((type) => admin.pages(`${type}?patient=${patient}&_count=200`)))
  return [own, ...pages.flatMap(({ matches }) => matches)]
}

/** How many resources of each type that the server knows it holds. */
export async function countsOf(admin: FhirClient): Promise<ReadonlyMap<string, number>> {
  const statement = await admin.found<CapabilityStatement>('metadata')
  const types = statement.rest?.[0]?.resource?.map(({ type }) => type ?? '') ?? []
  const counts = await Promise.all(
    types.map(async (type) => [type, (await admin.found(`${type}?_summary=count`)).total ?? 0] as const),
  )
  return new Map(counts.filter(([, count]) => count > 0))
}

/** How many resources of each type bundles hold. */
export function countsOfBundles(bundles: readonly { readonly entry?: { resource?: { resourceType: string } }[] }[]) {
  const counts = new Map<string, number>()
  for (const { entry = [] } of bundles) {
    for (const { resource } of entry) {
      if (resource) counts.set(resource.resourceType, (counts.get(resource.resourceType) ?? 0) + 1)
    }
  }
  return counts
}

/** True when the resource names the other (`Type/id`). */
export function refersTo(resource: Stored, reference: string): boolean {
  return referencesOf(resource).includes(reference)
}

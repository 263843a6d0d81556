/** An entry of a transaction on its way to being written. */
import type { FhirRequest, Interaction, WriteInteraction } from './interaction.ts'
import type { Plan } from './write.ts'

/** An entry with the interaction it asks for; `position` is its place in the bundle. */
export interface Step<I extends Interaction = Interaction> {
  readonly position: number
  readonly fullUrl: string | undefined
  readonly method: string
  readonly interaction: I
  readonly request: FhirRequest
}

/** A step whose change is known. */
export interface PlannedStep extends Step<WriteInteraction> {
  readonly plan: Plan
}

/** `Type/id` of the resource that a planned write acts on; of a deletion of nothing, what its condition says. */
export function targetOf({ plan: { change, existing }, request: { path, query } }: PlannedStep): string {
  if (change?.kind === 'put') return `${change.resource.resourceType}/${change.resource.id}`
  if (change?.kind === 'delete') return `${change.type}/${change.id}`
  return existing
    ? `${existing.type}/${existing.id}`
    : path.id === ''
      ? `${path.type}?${query}`
      : `${path.type}/${path.id}`
}

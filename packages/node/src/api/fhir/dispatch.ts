/** Runs an interaction for a request, after the checks that hold for all of them. */
import { requireScope } from '../../auth/scopes.ts'
import type { FhirReply, FhirRequest, FhirServer, Interaction } from './interaction.ts'
import { requireWriter } from './scopes.ts'

/** @throws SalusError `write-not-allowed`, `insufficient-scope` */
export function authorize(
  { right, writes }: Interaction,
  { principal, path }: Pick<FhirRequest, 'principal' | 'path'>,
): void {
  if (writes) requireWriter(principal)
  if (right !== null) requireScope(principal, path.type, right)
}

/** @throws SalusError whatever the interaction refuses with */
export async function dispatch(interaction: Interaction, server: FhirServer, request: FhirRequest): Promise<FhirReply> {
  authorize(interaction, request)
  return interaction.handle(server, request)
}

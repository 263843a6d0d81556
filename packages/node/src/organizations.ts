/** Every node names every member by the same Organization: its FHIR id is the member's id. */
import type { Organization } from '@medplum/fhirtypes'
import type { Member } from './auth/members.ts'
import type { Principal } from './auth/principal.ts'
import type { Gate } from './gate/gate.ts'
import { readPurpose } from './gate/purpose.ts'
import type { VaultReader, VaultWriter } from './vault/vault.ts'

/** The Organization that stands for a member at every node. */
export function organizationOf(member: Member): Organization & { id: string } {
  return {
    resourceType: 'Organization',
    id: member.id,
    identifier: [{ system: 'urn:salus:member', value: member.id }],
    active: member.status === 'active',
    name: member.name,
    alias: [member.handle],
  }
}

/** Stores the Organization of each member, where it is absent or says something else. */
export async function publishOrganizations(
  members: readonly Member[],
  operator: Principal,
  gate: Gate,
  reader: VaultReader,
  writer: VaultWriter,
): Promise<void> {
  const ask = {
    interaction: 'update',
    patients: [],
    instance: null,
    purpose: readPurpose('HSYSADMIN', undefined),
  } as const
  const { permit } = await gate.open(operator, ask)
  for (const member of members) {
    const resource = organizationOf(member)
    const current = await reader.read(permit, 'Organization', member.id)
    if (current !== undefined && !current.deleted && sameOrganization(JSON.parse(current.text), resource)) continue
    await writer.write([{ kind: 'put', resource, method: 'PUT' }])
  }
}

function sameOrganization(stored: Organization, wanted: Organization): boolean {
  return stored.name === wanted.name && stored.active === wanted.active && stored.alias?.[0] === wanted.alias?.[0]
}

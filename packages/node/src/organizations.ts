/** Every node names every member by the same Organization: its FHIR id is the member's id. */
import type { Organization } from '@medplum/fhirtypes'
import { count, listMembers } from '@salus/contracts'
import type { Ledger } from '@salus/ledger'
import type { Logger } from 'pino'
import type { Member, Members } from './auth/members.ts'
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

export interface OrganizationParts {
  readonly ledger: Ledger
  readonly members: Members
  readonly gate: Gate
  readonly reader: VaultReader
  readonly writer: VaultWriter
  readonly logger: Logger
}

/**
 * Keeps the Organization of every member: resolves once they are stored, and goes on after each block that changes who
 * is a member. Returns the function that ends it.
 */
export async function followMembers(parts: OrganizationParts): Promise<() => Promise<void>> {
  const { ledger, logger } = parts
  await publish(parts)
  let before = JSON.stringify(count.get(ledger))
  let running = Promise.resolve()
  const stop = ledger.onBlock(() => {
    const after = JSON.stringify(count.get(ledger))
    if (after === before) return
    before = after
    running = running
      .then(() => publish(parts))
      .catch(() => logger.error({ code: 'organization-failed' }, 'the Organization of a member is not stored'))
  })
  return () => {
    stop()
    return running
  }
}

/** Stores the Organization of each member, where it is absent or says something else. */
async function publish({ ledger, members, gate, reader, writer }: OrganizationParts): Promise<void> {
  const operator: Principal = { kind: 'operator', member: members.own, practitioner: null, scopes: [], asserted: null }
  const ask = {
    interaction: 'update',
    patients: [],
    instance: null,
    purpose: readPurpose('HSYSADMIN', undefined),
  } as const
  const { permit } = await gate.open(operator, ask)
  for (const member of listMembers(ledger).flatMap((id) => members.byId(id) ?? [])) {
    const resource = organizationOf(member)
    const current = await reader.read(permit, 'Organization', member.id)
    if (current !== undefined && !current.deleted && sameOrganization(JSON.parse(current.text), resource)) continue
    await writer.write([{ kind: 'put', resource, method: 'PUT' }])
  }
}

function sameOrganization(stored: Organization, wanted: Organization): boolean {
  return stored.name === wanted.name && stored.active === wanted.active && stored.alias?.[0] === wanted.alias?.[0]
}

/** The clinicians of the demo, and tokens that live long enough to play with. */
import { randomUUID } from 'node:crypto'
import type { RunningNode } from '@salus/node'
import { sendForJson } from '@salus/sdk'
import type { NetworkMember } from '../network.ts'
import { DEMO_MEMBERS, type DemoMember } from './members.ts'

/** A year, for the demo alone: elsewhere tokens live for minutes. */
const DEMO_TOKEN_LIFETIME_S = 365 * 24 * 60 * 60

/** What demo.json says of each member; makes each clinician's Practitioner. */
export async function describeMembers(nodes: ReadonlyMap<string, RunningNode>): Promise<Record<string, NetworkMember>> {
  const members: Record<string, NetworkMember> = {}
  for (const member of DEMO_MEMBERS) {
    members[member.handle] = await describeMember(member, nodes.get(member.handle) as RunningNode)
  }
  return members
}

async function describeMember(member: DemoMember, node: RunningNode): Promise<NetworkMember> {
  const adminToken = await node.issueToken({
    kind: 'operator',
    practitioner: null,
    scopes: 'system/*.cruds',
    lifetimeS: DEMO_TOKEN_LIFETIME_S,
  })
  const practitioner = `Practitioner/${randomUUID()}`
  await sendForJson(`${node.url}/fhir/${practitioner}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({
      resourceType: 'Practitioner',
      id: practitioner.slice('Practitioner/'.length),
      active: true,
      name: [{ family: member.clinician.family, given: [member.clinician.given] }],
    }),
  })
  return {
    id: node.memberId,
    name: member.name,
    roles: [...member.roles],
    url: node.url,
    fhir: `${node.url}/fhir`,
    organization: `Organization/${node.memberId}`,
    adminToken,
    clinicianToken: await node.issueToken({
      kind: 'practitioner',
      practitioner,
      scopes: 'user/*.cruds',
      lifetimeS: DEMO_TOKEN_LIFETIME_S,
    }),
    clinicianPractitioner: practitioner,
  }
}

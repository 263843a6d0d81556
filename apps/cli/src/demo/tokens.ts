/** The clinicians of the demo, and tokens that live long enough to play with. */
import { randomUUID } from 'node:crypto'
import { issueToken, readKeys } from '@salus/node'
import { sendForJson } from '@salus/sdk'
import { pathsOf, readMemberFile } from '../member-folder.ts'
import type { NetworkMember } from '../network.ts'
import { folderOf } from './folders.ts'
import { type DemoMember, demoMembers } from './members.ts'
import type { DemoOptions } from './options.ts'

/** A year, for the demo alone: elsewhere tokens live for minutes. */
const DEMO_TOKEN_LIFETIME_S = 365 * 24 * 60 * 60

/** What demo.json says of each member; makes each clinician's Practitioner. */
export async function describeMembers(options: DemoOptions): Promise<Record<string, NetworkMember>> {
  const members: Record<string, NetworkMember> = {}
  for (const member of demoMembers(options.engine))
    members[member.handle] = await describeMember(member, folderOf(options, member))
  return members
}

async function describeMember(demo: DemoMember, folder: string): Promise<NetworkMember> {
  const paths = pathsOf(folder)
  const member = readMemberFile(paths.member)
  const { id, name, roles, url } = member
  const node = { member, keys: readKeys(paths.keys) }
  const adminToken = await issueToken(node, {
    kind: 'operator',
    practitioner: null,
    scopes: 'system/*.cruds',
    lifetimeS: DEMO_TOKEN_LIFETIME_S,
  })
  const practitioner = `Practitioner/${randomUUID()}`
  await sendForJson(`${url}/fhir/${practitioner}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({
      resourceType: 'Practitioner',
      id: practitioner.slice('Practitioner/'.length),
      active: true,
      name: [{ family: demo.clinician.family, given: [demo.clinician.given] }],
    }),
  })
  const clinicianToken = await issueToken(node, {
    kind: 'practitioner',
    practitioner,
    scopes: 'user/*.cruds',
    lifetimeS: DEMO_TOKEN_LIFETIME_S,
  })
  return {
    id,
    name,
    roles,
    url,
    fhir: `${url}/fhir`,
    organization: `Organization/${id}`,
    adminToken,
    clinicianToken,
    clinicianPractitioner: practitioner,
  }
}

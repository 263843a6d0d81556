/** The staff who may sign in to the demo's portals: a clinician and an administrator of each member. */
import { parseAnswer, postJson, sendForJson } from '@salus/sdk'
import { z } from 'zod'
import type { Network } from '../network.ts'
import { demoMembers } from './members.ts'

/** Somebody who can be played; `makeLink` makes an address that signs in once. */
export interface DemoStaff {
  readonly key: string
  readonly name: string
  readonly kind: 'operator' | 'practitioner'
  readonly member: string
  readonly makeLink: () => Promise<string>
}

const User = z.object({ id: z.string(), name: z.string(), kind: z.string() })
const Users = z.object({ users: z.array(User) })
const Link = z.object({ url: z.string() })

/** Adds whoever is not there yet. */
export async function demoStaff(network: Network): Promise<DemoStaff[]> {
  const staff: DemoStaff[] = []
  for (const { handle, name, clinician } of demoMembers('cometbft')) {
    const member = network.members[handle]
    if (member === undefined) continue
    const headers = { authorization: `Bearer ${member.adminToken}` }
    const address = `${member.url}/admin/users`
    const known = parseAnswer(Users, await sendForJson(address, { headers })).users
    const people = [
      {
        name: `${clinician.given} ${clinician.family}`,
        kind: 'practitioner' as const,
        practitioner: member.clinicianPractitioner,
        scopes: 'user/*.cruds',
      },
      { name: 'Administrator', kind: 'operator' as const, practitioner: null, scopes: 'system/*.cruds' },
    ]
    for (const person of people) {
      const found = known.find((user) => user.name === person.name && user.kind === person.kind)
      const { id } = found ?? parseAnswer(User, await postJson(address, person, headers))
      staff.push({
        key: `${handle}/${person.kind}`,
        name: person.name,
        kind: person.kind,
        member: name,
        makeLink: async () => parseAnswer(Link, await postJson(`${address}/${id}/sign-in-link`, {}, headers)).url,
      })
    }
  }
  return staff
}

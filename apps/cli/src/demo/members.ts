/** The members of the demo network and the addresses they listen on. */
import type { GenesisMember } from '@salus/core'

export interface DemoMember {
  readonly handle: string
  readonly name: string
  readonly roles: GenesisMember['roles']
  readonly clinician: { readonly family: string; readonly given: string }
}

export const DEMO_MEMBERS: readonly DemoMember[] = [
  {
    handle: 'riverside',
    name: 'Riverside Hospital',
    roles: ['provider'],
    clinician: { family: 'Okafor', given: 'Ngozi' },
  },
  {
    handle: 'lakeside',
    name: 'Lakeside Clinic',
    roles: ['provider'],
    clinician: { family: 'Lindqvist', given: 'Elsa' },
  },
  { handle: 'hilltop', name: 'Hilltop Pharmacy', roles: ['pharmacy'], clinician: { family: 'Haddad', given: 'Karim' } },
]

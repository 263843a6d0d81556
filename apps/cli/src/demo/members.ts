/** The members of the demo network and the addresses they listen on. */
import type { GenesisMember } from '@salus/core'
import type { DemoOptions } from './options.ts'

export interface DemoMember {
  readonly handle: string
  readonly name: string
  readonly roles: GenesisMember['roles']
  readonly clinician: { readonly family: string; readonly given: string }
}

const DEMO_MEMBERS: readonly DemoMember[] = [
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
  {
    handle: 'hilltop',
    name: 'Hilltop Pharmacy',
    roles: ['pharmacy'],
    clinician: { family: 'Haddad', given: 'Karim' },
  },
]

/** The fourth member, which comes in where the network runs on four validators. */
const NORTHGATE: DemoMember = {
  handle: 'northgate',
  name: 'Northgate Health Authority',
  roles: ['regulator'],
  clinician: { family: 'Marsh', given: 'Ivo' },
}

/** The members of a demo on that engine. */
export function demoMembers(engine: DemoOptions['engine']): readonly DemoMember[] {
  return engine === 'cometbft' ? [...DEMO_MEMBERS, NORTHGATE] : DEMO_MEMBERS
}

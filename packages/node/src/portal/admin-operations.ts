/** `/admin`, the portal's part: the member's own staff, and invitations of patients. */
import { z } from 'zod'
import { type Operation, operationsOf } from '../api/operation.ts'
import type { Principal } from '../auth/principal.ts'
import type { Invitations } from './invitations.ts'
import type { Sessions } from './sessions.ts'
import type { Users } from './users.ts'

export interface PortalAdminParts {
  readonly users: Users
  readonly sessions: Sessions
  readonly invitations: Invitations
  /** The URL of this node's portal. */
  readonly portalUrl: string
}

const operation = operationsOf<PortalAdminParts, Principal>()

const listUsers = operation({
  method: 'GET',
  path: '/users',
  summary: 'The staff of this member who may sign in to the portal',
  handle: async ({ users }) => ({ users: await users.all() }),
})

const addUser = operation({
  method: 'POST',
  path: '/users',
  summary: 'Adds one of this member’s staff; the scopes are those of an access token',
  body: z.strictObject({
    name: z.string().min(1).max(128),
    kind: z.enum(['operator', 'practitioner']),
    practitioner: z.string().max(128).nullable(),
    scopes: z.string().max(4096),
  }),
  handle: async ({ users }, { body }) => users.add(body),
})

const UserParams = z.object({ id: z.uuid() })

const deactivateUser = operation({
  method: 'DELETE',
  path: '/users/:id',
  summary: 'Takes a user’s right to sign in, and ends all sessions of the user',
  params: UserParams,
  handle: async ({ users }, { params }) => users.deactivate(params.id),
})

const makeSignInLink = operation({
  method: 'POST',
  path: '/users/:id/sign-in-link',
  summary: 'A link that signs a user in once, within a quarter of an hour',
  params: UserParams,
  handle: async ({ sessions, portalUrl }, { params }) => ({
    url: `${portalUrl}/app/sign-in#code=${await sessions.makeLink(params.id)}`,
  }),
})

const invite = operation({
  method: 'POST',
  path: '/invitations',
  summary: 'Invites a patient whose identity was checked: a link that enrols one wallet, once',
  body: z.strictObject({
    patient: z
      .string()
      .regex(/^Patient\/[A-Za-z0-9\-.]{1,64}$/)
      .transform((reference) => reference.slice('Patient/'.length)),
  }),
  handle: async ({ invitations }, { body }) => invitations.make(body.patient),
})

export const PORTAL_ADMIN_OPERATIONS: readonly Operation<PortalAdminParts, Principal>[] = [
  listUsers,
  addUser,
  deactivateUser,
  makeSignInLink,
  invite,
]

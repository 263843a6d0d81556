/** `/admin` on membership: what the member's operators do in the member's name among the members. */
import type { Action } from '@salus/contracts'
import { MEMBER_ROLES, MemberRow, parseAt, toHex } from '@salus/core'
import { z } from 'zod'
import type { Principal } from '../../auth/principal.ts'
import {
  castBallot,
  type MembershipParts,
  moveEndpoint,
  type Proposal,
  proposeAction,
  readMembers,
  readProposals,
  rotateMemberKey,
  setValidating,
} from '../../membership/membership.ts'
import { hex, hexBytes, type Operation, operationsOf } from '../operation.ts'

export interface MembershipApiParts {
  readonly membership: MembershipParts
}

const operation = operationsOf<MembershipApiParts, Principal>()

const Url = z.url({ protocol: /^https?$/ }).max(256)

/** The actions of docs/spec/contracts.md, with keys in hexadecimal. */
const ActionBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('admit'),
    handle: z.string().max(32),
    name: z.string().min(1).max(128),
    roles: z.array(z.enum(MEMBER_ROLES)).min(1).max(MEMBER_ROLES.length),
    signingKey: hexBytes(32),
    encryptionKey: hexBytes(32),
    url: Url,
  }),
  z.strictObject({ kind: z.literal('suspend'), memberId: hex(16) }),
  z.strictObject({ kind: z.literal('reinstate'), memberId: hex(16) }),
  z.strictObject({
    kind: z.literal('protocol-version'),
    version: z.int().min(1),
    atHeight: z.int().min(1),
  }),
])

function toAction({ kind, ...value }: z.infer<typeof ActionBody>): Action {
  return { kind, value } as Action
}

function describe({ proposalId, action, proposer, status, proposedAtMs, expiresAtMs, ballots }: Proposal) {
  return {
    id: toHex(proposalId),
    status,
    action: { kind: action.kind, ...printable(action.value) },
    proposer,
    proposedAt: new Date(proposedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    ballots: ballots.map(({ memberId, approve }) => ({ member: memberId, approve })),
  }
}

/** Bytes as hexadecimal. */
function printable(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, field instanceof Uint8Array ? toHex(field) : field]),
  )
}

const listMembers = operation({
  method: 'GET',
  path: '/members',
  summary: 'The members of the network in the order of their admission',
  handle: ({ membership }) => ({ members: readMembers(membership.ledger).map(printable) }),
})

const listProposals = operation({
  method: 'GET',
  path: '/proposals',
  summary: 'What members have proposed, newest first, with the ballots cast',
  handle: ({ membership }) => ({ proposals: readProposals(membership.ledger).map(describe) }),
})

const makeProposal = operation({
  method: 'POST',
  path: '/proposals',
  summary: 'Proposes to admit, suspend or reinstate a member, or a protocol version; counts as approval',
  body: ActionBody,
  handle: async ({ membership }, { body }) => {
    const action = toAction(body)
    if (action.kind === 'admit') parseAt(MemberRow.fields.handle, action.value.handle, 'handle')
    return describe(await proposeAction(membership, action))
  },
})

const castVote = operation({
  method: 'POST',
  path: '/proposals/:id/vote',
  summary: 'Casts this member’s one ballot',
  params: z.object({ id: hexBytes(16) }),
  body: z.strictObject({ approve: z.boolean() }),
  handle: async ({ membership }, { params, body }) => describe(await castBallot(membership, params.id, body.approve)),
})

const rotate = operation({
  method: 'POST',
  path: '/keys/rotate',
  summary: 'Replaces this member’s ledger key by a new one; the old one ends at once',
  body: z.strictObject({}),
  handle: async ({ membership }) => {
    const { signingKey, height } = await rotateMemberKey(membership)
    return { signingKey: toHex(signingKey), status: 'committed', height }
  },
})

const move = operation({
  method: 'POST',
  path: '/endpoint',
  summary: 'Says where this member’s node is from now on',
  body: z.strictObject({ url: Url }),
  handle: async ({ membership }, { body }) => ({
    status: 'committed',
    ...(await moveEndpoint(membership, body.url.replace(/\/+$/, ''))),
  }),
})

const validate = operation({
  method: 'POST',
  path: '/validator',
  summary: 'Makes this node a validator, with its present consensus key or a new one, or ends that',
  body: z.strictObject({ validate: z.enum(['present-key', 'new-key', 'stop']) }),
  handle: async ({ membership }, { body }) => ({
    status: 'committed',
    ...(await setValidating(membership, body.validate)),
  }),
})

export const MEMBERSHIP_OPERATIONS: readonly Operation<MembershipApiParts, Principal>[] = [
  listMembers,
  listProposals,
  makeProposal,
  castVote,
  rotate,
  move,
  validate,
]

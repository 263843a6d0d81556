/**
 * What a decision does. An action is checked when it is proposed, so that nobody votes on what cannot be, and again
 * when it passes, because the members may have changed in between.
 */
import type { MemberRow } from '@salus/core'
import { type Context, refuse } from '../kit.ts'
import type { Action } from './action-schema.ts'
import { type Admission, addMember, protocolInForce, readCount } from './members.ts'
import { count, handles, keys, MEMBERS_MAX, members, protocol } from './tables.ts'
import { isLastValidator, LAST_VALIDATOR, removeValidator } from './validators.ts'

/** Codes of an action that can be refused at any time. */
export const ACTION_REFUSALS = {
  'key-already-used': 'The signing key is, or once was, the key of a member.',
  'handle-taken': 'Another member has the handle.',
  'members-full': `There are ${MEMBERS_MAX} members already, suspended ones included.`,
  'member-not-active': 'The member to suspend is suspended already.',
  'member-not-suspended': 'The member to reinstate is active.',
  'last-active-member': 'Nobody would be left to decide anything.',
  ...LAST_VALIDATOR,
  'protocol-version-invalid': 'The version is not above the one in force, or its height is not a later block.',
} as const

/** The code of an action that can only be refused when it is proposed, because members never vanish. */
export const PROPOSAL_ACTION_REFUSALS = { 'member-unknown': 'There is no such member.' } as const

/** Does what was decided, or refuses. */
export function applyAction(context: Context, action: Action): void {
  checkAction(context, action)
  if (action.kind === 'admit') addMember(context.state, action.value, context.timeMs)
  else if (action.kind === 'suspend') suspend(context, action.value.memberId)
  else if (action.kind === 'reinstate') setStatus(context, action.value.memberId, 'active')
  else scheduleProtocol(context, action.value.version, action.value.atHeight)
}

/** Refuses an action that could not be done now. */
export function checkAction(context: Context, action: Action): void {
  if (action.kind === 'admit') checkAdmission(context, action.value)
  else if (action.kind === 'suspend') checkSuspension(context, action.value.memberId)
  else if (action.kind === 'reinstate') checkReinstatement(context, action.value.memberId)
  else checkProtocol(context, action.value.version, action.value.atHeight)
}

function checkAdmission({ state }: Context, admission: Admission): void {
  if (keys.get(state, admission.signingKey) !== undefined) {
    refuse('key-already-used', 'the signing key is, or once was, the key of a member')
  }
  if (handles.get(state, admission.handle) !== undefined) refuse('handle-taken', 'another member has the handle')
  if (readCount(state).members >= MEMBERS_MAX) refuse('members-full', 'there is no room for another member')
}

function checkSuspension(context: Context, id: string): void {
  if (readMember(context, id).status !== 'active') refuse('member-not-active', 'the member is suspended already')
  if (readCount(context.state).active === 1) refuse('last-active-member', 'nobody would be left to decide anything')
  if (isLastValidator(context.state, id)) refuse('last-validator', 'nobody would be left to make blocks')
}

function checkReinstatement(context: Context, id: string): void {
  if (readMember(context, id).status !== 'suspended') refuse('member-not-suspended', 'the member is active')
}

function checkProtocol({ state, height }: Context, version: number, atHeight: number): void {
  if (version <= protocolInForce(state, height) || atHeight <= height) {
    refuse('protocol-version-invalid', 'the version must be above the one in force, and its height a later block')
  }
}

function readMember({ state }: Context, id: string): MemberRow {
  return members.get(state, id) ?? refuse('member-unknown', 'there is no such member')
}

function suspend(context: Context, id: string): void {
  setStatus(context, id, 'suspended')
  removeValidator(context.state, id)
}

function setStatus(context: Context, id: string, status: MemberRow['status']): void {
  const { state } = context
  members.put(state, { ...readMember(context, id), status }, id)
  const total = readCount(state)
  count.put(state, { ...total, active: total.active + (status === 'active' ? 1 : -1) })
}

/** A version that is still pending gives way to the new decision, which is how members postpone one. */
function scheduleProtocol({ state, height }: Context, version: number, atHeight: number): void {
  protocol.put(state, { version: protocolInForce(state, height), pending: { version, height: atHeight } })
}

/** The tables of membership. Rows that verifiers read have their shapes in core. */
import {
  array,
  boolean,
  bytes,
  type Infer,
  KeyRow,
  MemberId,
  MemberRow,
  nullable,
  struct,
  uint,
  VALIDATORS_MAX,
} from '@salus/core'
import { table } from '../kit.ts'
import { Action } from './action-schema.ts'

/** Most members ever admitted, suspended ones included; it bounds the ballots of a proposal. */
export const MEMBERS_MAX = 10_000

/** Identifier of a proposal, chosen at random by its proposer: 16 bytes. */
export const ProposalId = bytes(16)

/** Which member a handle names. */
export const HandleRow = struct({ memberId: MemberId })
export type HandleRow = Infer<typeof HandleRow>

/** Members admitted so far, and those of them that are active now. */
export const CountRow = struct({ members: uint(MEMBERS_MAX), active: uint(MEMBERS_MAX) })
export type CountRow = Infer<typeof CountRow>

/** Proposals made so far. */
export const AgendaRow = struct({ proposals: uint() })
export type AgendaRow = Infer<typeof AgendaRow>

/** Which member a consensus key belongs to. */
export const ValidatorKeyRow = struct({ memberId: MemberId })
export type ValidatorKeyRow = Infer<typeof ValidatorKeyRow>

/** The members that validate, each with its Ed25519 consensus key. */
export const ValidatorsRow = array(struct({ memberId: MemberId, publicKey: bytes(32) }), 1, VALIDATORS_MAX)
export type ValidatorsRow = Infer<typeof ValidatorsRow>

/** The version of the rules, and the one that follows it from block `height` on. */
export const ProtocolRow = struct({
  version: uint(),
  pending: nullable(struct({ version: uint(), height: uint() })),
})
export type ProtocolRow = Infer<typeof ProtocolRow>

/** A proposal with its ballots in the order they were cast. `executedAtMs` is null until it passes. */
export const ProposalRow = struct({
  action: Action,
  proposer: MemberId,
  proposedAtMs: uint(),
  expiresAtMs: uint(),
  executedAtMs: nullable(uint()),
  ballots: array(struct({ memberId: MemberId, approve: boolean }), 1, MEMBERS_MAX),
})
export type ProposalRow = Infer<typeof ProposalRow>

/** Which proposal was made at that place. */
export const MotionRow = struct({ proposalId: ProposalId })
export type MotionRow = Infer<typeof MotionRow>

export const members = table<[memberId: string], MemberRow>('membership', 'member', MemberRow, {
  key: ['memberId'],
  doc: 'A member: what it is, whether it may act, the keys it has now, and where its node is.',
})

export const keys = table<[signingKey: Uint8Array], KeyRow>('membership', 'key', KeyRow, {
  key: ['signingKey'],
  doc: 'Whose signing key it is or was. Rows are never deleted, so no key serves twice.',
})

export const handles = table<[handle: string], HandleRow>('membership', 'handle', HandleRow, {
  key: ['handle'],
  doc: 'The member that the handle names, for good.',
})

export const count = table<[], CountRow>('membership', 'count', CountRow, {
  key: [],
  doc: 'How many members were ever admitted, and how many are active.',
})

export const admissions = table<[index: number], HandleRow>('membership', 'admission', HandleRow, {
  key: ['index'],
  doc: 'The members in the order in which they came in, counted from 0, so that anybody can list them.',
})

export const agenda = table<[], AgendaRow>('membership', 'agenda', AgendaRow, {
  key: [],
  doc: 'How many proposals were ever made.',
})

export const motions = table<[index: number], MotionRow>('membership', 'motion', MotionRow, {
  key: ['index'],
  doc: 'The proposals in the order in which they were made, counted from 0, so that anybody can list them.',
})

export const protocol = table<[], ProtocolRow>('membership', 'protocol', ProtocolRow, {
  key: [],
  doc: 'The version of the rules; a pending version is in force from its height on.',
})

export const proposals = table<[proposalId: Uint8Array], ProposalRow>('membership', 'proposal', ProposalRow, {
  key: ['proposalId'],
  doc: 'A proposal with its ballots. Rows stay after the decision.',
})

export const validators = table<[], ValidatorsRow>('membership', 'validators', ValidatorsRow, {
  key: [],
  doc:
    'The validators by their Ed25519 consensus keys, on ledgers whose engine has any; elsewhere there is no row. What ' +
    'a block changes takes effect two heights later.',
})

export const validatorKeys = table<[publicKey: Uint8Array], ValidatorKeyRow>(
  'membership',
  'validator-key',
  ValidatorKeyRow,
  {
    key: ['publicKey'],
    doc: 'Whose consensus key it is or was. Rows are never deleted, so no key ever serves two members.',
  },
)

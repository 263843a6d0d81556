/** How members come in: at genesis, and by vote. */
import { type GenesisContent, MemberRow, memberId, parseAt, SalusError } from '@salus/core'
import type { State } from '../kit.ts'
import {
  admissions,
  agenda,
  type CountRow,
  count,
  handles,
  keys,
  members,
  motions,
  type ProtocolRow,
  protocol,
} from './tables.ts'
import { startValidators } from './validators.ts'

/** What the network knows of a member when it comes in. */
export type Admission = Pick<MemberRow, 'handle' | 'name' | 'roles' | 'signingKey' | 'encryptionKey' | 'url'>

/** The number of members; every ledger has the row from genesis on. */
export function readCount(state: State): CountRow {
  const row = count.get(state)
  if (row === undefined) throw new SalusError('state-inconsistent', 'the number of members is missing')
  return row
}

/** The protocol row; every ledger has it from genesis on. */
export function readProtocol(state: Pick<State, 'get'>): ProtocolRow {
  const row = protocol.get(state)
  if (row === undefined) throw new SalusError('state-inconsistent', 'the protocol version is missing')
  return row
}

/** The version of the rules that blocks at `height` follow. */
export function protocolInForce(state: Pick<State, 'get'>, height: number): number {
  const { version, pending } = readProtocol(state)
  return pending !== null && height >= pending.height ? pending.version : version
}

/** Writes a new active member. The caller has checked that its key and handle are new and that there is room. */
export function addMember(state: State, admission: Admission, timeMs: number): void {
  const { handle, name, roles, signingKey, encryptionKey, url } = admission
  const id = memberId(name, signingKey)
  members.put(
    state,
    { handle, name, roles, status: 'active', signingKey, encryptionKey, url, admittedAtMs: timeMs, keySinceMs: timeMs },
    id,
  )
  keys.put(state, { memberId: id, sinceMs: timeMs, untilMs: null }, signingKey)
  handles.put(state, { memberId: id }, handle)
  const total = readCount(state)
  admissions.put(state, { memberId: id }, total.members)
  count.put(state, { members: total.members + 1, active: total.active + 1 })
}

/** The ids of all members, suspended ones included, in the order in which they came in. */
export function listMembers(state: Pick<State, 'get'>): readonly string[] {
  const total = count.get(state)?.members ?? 0
  return Array.from({ length: total }, (_, index) => rowAt(admissions.get(state, index)).memberId)
}

/** The ids of all proposals in the order in which they were made. */
export function listProposals(state: Pick<State, 'get'>): readonly Uint8Array[] {
  const total = agenda.get(state)?.proposals ?? 0
  return Array.from({ length: total }, (_, index) => rowAt(motions.get(state, index)).proposalId)
}

function rowAt<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new SalusError('state-inconsistent', 'a list of the ledger has a gap')
  return row
}

/**
 * Writes the members, the validators and the protocol version of the genesis file.
 * @throws SalusError `genesis-member-repeated`, `schema-mismatch` when a member has no proper handle or URL
 */
export function startMembership(state: State, genesis: GenesisContent): void {
  protocol.put(state, { version: genesis.protocol, pending: null })
  count.put(state, { members: 0, active: 0 })
  for (const member of genesis.members) {
    if (keys.get(state, member.signingKey) !== undefined || handles.get(state, member.handle) !== undefined) {
      throw new SalusError('genesis-member-repeated', 'two members of the genesis file share a signing key or handle')
    }
    // The shape of the genesis file bounds these texts but does not know what they are.
    parseAt(MemberRow.fields.handle, member.handle, 'handle')
    parseAt(MemberRow.fields.url, member.url, 'url')
    addMember(state, member, genesis.timeMs)
  }
  startValidators(state, genesis)
}

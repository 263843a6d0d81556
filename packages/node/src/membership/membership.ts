/**
 * What this member does as one of the members: proposes, votes, replaces its ledger key, says where its node is and
 * which key it validates with. Each is one command that the member's key signs; resolves once it is committed.
 */
import {
  type Action,
  call,
  keyRotationDigest,
  listMembers,
  listProposals,
  members,
  membership,
  type ProposalRow,
  proposals,
  propose,
  rotateKey,
  setEndpoint,
  setValidator,
  validatorKeyDigest,
  validators,
  vote,
} from '@salus/contracts'
import { type Command, type MemberRow, randomBytes, SalusError, type Signer } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { KeyFile } from '../keys.ts'
import { commitCommands, nextBlockMs } from '../sign-commands.ts'

export interface MembershipParts {
  readonly own: string
  readonly ledger: Ledger
  readonly keyFile: KeyFile
  /** The consensus key of this member's validator; null where the engine has no validators. */
  readonly consensusKey: ConsensusKey | null
}

/** The key that a validator signs blocks with. */
export interface ConsensusKey extends Signer {
  /** The signer of the next key, which is kept durably when this returns; one that is there already stays. */
  prepare(): Signer
}

/** What becomes of the validator: it takes part with its present key, with a new one, or no more. */
export type Validating = 'present-key' | 'new-key' | 'stop'

const DAY_MS = 24 * 60 * 60 * 1000
/** How long a proposal stays open. */
export const PROPOSAL_DAYS = 30

/** A proposal as it stands: `status` is `open` until it is executed or its expiry has come. */
export interface Proposal extends ProposalRow {
  readonly proposalId: Uint8Array
  readonly status: 'open' | 'executed' | 'expired'
}

/** Members in the order of their admission, with whether each validates. */
export function readMembers(ledger: Ledger): readonly (MemberRow & { id: string; validates: boolean })[] {
  const validating = new Set(validators.get(ledger)?.map(({ memberId }) => memberId))
  return listMembers(ledger).map((id) => ({
    id,
    ...(members.get(ledger, id) as MemberRow),
    validates: validating.has(id),
  }))
}

/** Proposals, newest first. */
export function readProposals(ledger: Ledger): readonly Proposal[] {
  const nowMs = nextBlockMs(ledger)
  return listProposals(ledger)
    .map((proposalId) => {
      const row = proposals.get(ledger, proposalId) as ProposalRow
      return { proposalId, ...row, status: statusOf(row, nowMs) }
    })
    .reverse()
}

function statusOf({ executedAtMs, expiresAtMs }: ProposalRow, nowMs: number): Proposal['status'] {
  if (executedAtMs !== null) return 'executed'
  return nowMs < expiresAtMs ? 'open' : 'expired'
}

/** Proposes `action`, which counts as this member's approval. @throws SalusError the contract's codes */
export async function proposeAction(parts: MembershipParts, action: Action): Promise<Proposal> {
  const proposalId = randomBytes(16)
  const expiresAtMs = nextBlockMs(parts.ledger) + PROPOSAL_DAYS * DAY_MS
  await commit(parts, call(membership, propose, { proposalId, action, expiresAtMs }))
  return proposalOf(parts, proposalId)
}

/** Casts this member's ballot. @throws SalusError the contract's codes */
export async function castBallot(parts: MembershipParts, proposalId: Uint8Array, approve: boolean): Promise<Proposal> {
  await commit(parts, call(membership, vote, { proposalId, approve }))
  return proposalOf(parts, proposalId)
}

function proposalOf({ ledger }: MembershipParts, proposalId: Uint8Array): Proposal {
  const row = proposals.get(ledger, proposalId)
  if (row === undefined) throw new SalusError('proposal-unknown', 'there is no such proposal')
  return { proposalId, ...row, status: statusOf(row, nextBlockMs(ledger)) }
}

/**
 * Replaces this member's ledger key by a new one that never leaves the key file. The old one ends at once.
 * @throws SalusError the ledger's code; the member keeps its key unless the ledger has taken the new one
 */
export async function rotateMemberKey(parts: MembershipParts): Promise<{ signingKey: Uint8Array; height: number }> {
  const { own, keyFile } = parts
  const next = keyFile.prepare()
  const newSigningKey = next.publicKey.bytes
  const proof = await next.sign(keyRotationDigest(own, newSigningKey))
  const { height } = await commit(parts, call(membership, rotateKey, { newSigningKey, proof }))
  keyFile.promote()
  return { signingKey: newSigningKey, height }
}

/** Says where this member's node is from now on. */
export async function moveEndpoint(parts: MembershipParts, url: string): Promise<{ height: number }> {
  const { encryptionKey } = members.get(parts.ledger, parts.own) as MemberRow
  return commit(parts, call(membership, setEndpoint, { url, encryptionKey }))
}

/**
 * Enters this node's consensus key, by which its validator takes part from two blocks later on, or takes it out. A new
 * key is kept before the ledger hears of it; whoever runs the validator starts it with that key once it counts.
 * @throws SalusError `validators-not-used` where the engine has none, and the contract's codes
 */
export async function setValidating(parts: MembershipParts, wish: Validating): Promise<{ height: number }> {
  const { own, consensusKey } = parts
  if (consensusKey === null) throw new SalusError('validators-not-used', 'this ledger has no validators')
  if (wish === 'stop') return commit(parts, call(membership, setValidator, { key: null }))
  const signer = wish === 'new-key' ? consensusKey.prepare() : consensusKey
  const publicKey = signer.publicKey.bytes
  const proof = await signer.sign(validatorKeyDigest(own, publicKey))
  return commit(parts, call(membership, setValidator, { key: { publicKey, proof } }))
}

function commit({ ledger, keyFile }: MembershipParts, command: Command): Promise<{ height: number }> {
  return commitCommands([command], ledger, keyFile)
}

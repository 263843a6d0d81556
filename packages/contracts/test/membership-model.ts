/** A plain model of the membership contract: members, keys and proposals by the names that tests give them. */
import assert from 'node:assert/strict'
import {
  call,
  count,
  handles,
  keys,
  listMembers,
  listProposals,
  members,
  membership,
  type ProposeArgs,
  proposals,
  propose,
  protocol,
  rotateKey,
  setEndpoint,
  setValidator,
  validatorKeys,
  validators,
} from '../src/index.ts'
import { ballot } from './members.ts'
import {
  admission,
  GENESIS_TIME_MS,
  hash,
  id,
  type MemoryLedger,
  rotation,
  type TestKey,
  type TestMember,
  testKey,
  testMember,
  validation,
} from './memory-ledger.ts'
import type { Model } from './model.ts'

export type ModelAction =
  | { readonly kind: 'admit'; readonly who: string; readonly handle: string }
  | { readonly kind: 'suspend' | 'reinstate'; readonly who: string }
  | { readonly kind: 'protocol-version'; readonly version: number; readonly afterBlocks: number }

/** A proposal takes the next name, or the last one `again`; a ballot is for the proposal `back` before the last. */
export type Step = { readonly signer: string } & (
  | { readonly kind: 'propose'; readonly again: boolean; readonly action: ModelAction; readonly lifetimeMs: number }
  | { readonly kind: 'vote'; readonly back: number; readonly approve: boolean }
  | { readonly kind: 'rotate-key'; readonly key: string; readonly proven: boolean }
  | { readonly kind: 'set-endpoint'; readonly host: string }
  | { readonly kind: 'set-validator'; readonly key: string | null; readonly proven: boolean }
)

interface ModelMember {
  readonly identity: TestMember
  readonly handle: string
  readonly admittedAtMs: number
  active: boolean
  key: string
  url: string
  encryptionKey: Uint8Array
}

interface ModelKey {
  readonly owner: string
  readonly sinceMs: number
  untilMs: number | null
}

interface ModelProposal {
  readonly action: ModelAction
  readonly atHeight: number
  readonly proposer: string
  readonly proposedAtMs: number
  readonly expiresAtMs: number
  readonly ballots: Map<string, boolean>
  executedAtMs: number | null
}

const memo = <T>(make: (name: string) => T): ((name: string) => T) => {
  const made = new Map<string, T>()
  return (name) => {
    const found = made.get(name) ?? make(name)
    made.set(name, found)
    return found
  }
}
const key = memo(testKey)
const member = memo(testMember)
/** What a key signs for a member, by the names of both. */
const memoPair = <T>(make: (memberId: string, key: TestKey) => T): ((owner: string, name: string) => T) => {
  const made = memo((pair) => {
    const [owner, name] = pair.split('|') as [string, string]
    return make(member(owner).id, key(name))
  })
  return (owner, name) => made(`${owner}|${name}`)
}
const rotationOf = memoPair(rotation)
const validationOf = memoPair(validation)

export class MembershipModel implements Model<Step> {
  readonly #ledger: MemoryLedger
  readonly #members = new Map<string, ModelMember>()
  readonly #keys = new Map<string, ModelKey>()
  readonly #proposals = new Map<string, ModelProposal>()
  /** The keys of who validates, in the order of the row; null on a ledger without validators. */
  readonly #validators: Map<string, string> | null
  readonly #validatorKeys = new Map<string, string>()
  #version = 1
  #pending: { version: number; height: number } | null = null

  constructor(ledger: MemoryLedger, founders: readonly TestMember[]) {
    this.#ledger = ledger
    const first = founders.filter(({ consensusKey }) => consensusKey).map(({ genesis }) => genesis.handle)
    this.#validators = first.length > 0 ? new Map(first.map((name) => [name, `consensus ${name}`])) : null
    for (const name of first) this.#validatorKeys.set(`consensus ${name}`, name)
    for (const { genesis } of founders) this.#admit(genesis.handle, genesis.handle, GENESIS_TIME_MS)
  }

  command(step: Step): ReturnType<Model<Step>['command']> {
    this.#ledger.height++
    return { signer: key(step.signer), command: this.#call(step, this.#ledger.timeMs) }
  }

  #call(step: Step, timeMs: number) {
    if (step.kind === 'vote') return ballot(this.#voted(step), step.approve)
    if (step.kind === 'set-endpoint') return call(membership, setEndpoint, endpoint(step.host))
    if (step.kind === 'rotate-key') {
      return call(membership, rotateKey, rotationOf(this.#prover(step), step.key))
    }
    if (step.kind === 'set-validator') {
      const args = step.key === null ? { key: null } : validationOf(this.#prover(step), step.key)
      return call(membership, setValidator, args)
    }
    const action = ledgerAction(step.action, this.#ledger.height + blocks(step.action))
    return call(membership, propose, {
      proposalId: id(this.#proposed(step)),
      action,
      expiresAtMs: timeMs + step.lifetimeMs,
    })
  }

  /** For whom the new key signs. The proof of another member's move is the nearest thing to a valid one. */
  #prover({ signer, proven }: { readonly signer: string; readonly proven: boolean }): string {
    return proven ? (this.#keys.get(signer)?.owner ?? 'ada') : 'nobody'
  }

  apply(step: Step, timeMs: number): readonly string[] {
    const owner = this.#keys.get(step.signer)
    if (!owner || owner.untilMs !== null) return ['not-a-member']
    const actor = this.#members.get(owner.owner) as ModelMember
    if (!actor.active) return ['member-suspended']
    if (step.kind === 'propose') return this.#propose(owner.owner, step, timeMs)
    if (step.kind === 'vote') return this.#vote(owner.owner, step, timeMs)
    if (step.kind === 'rotate-key') return this.#rotate(owner.owner, actor, step, timeMs)
    if (step.kind === 'set-validator') return this.#validate(owner.owner, step)
    Object.assign(actor, endpoint(step.host))
    return []
  }

  #proposed({ again }: Step & { kind: 'propose' }): string {
    return `proposal ${this.#proposals.size - (again ? 1 : 0)}`
  }

  #voted({ back }: Step & { kind: 'vote' }): string {
    return `proposal ${this.#proposals.size - 1 - back}`
  }

  #propose(proposer: string, step: Step & { kind: 'propose' }, proposedAtMs: number): readonly string[] {
    const { action, lifetimeMs } = step
    const broken = this.#brokenBy(action, this.#ledger.height + blocks(action))
    if (this.#proposals.has(this.#proposed(step))) broken.push('proposal-exists')
    if (lifetimeMs === 0) broken.push('proposal-expiry-invalid')
    if (broken.length > 0) return broken
    const proposal: ModelProposal = {
      action,
      atHeight: this.#ledger.height + blocks(action),
      proposer,
      proposedAtMs,
      expiresAtMs: proposedAtMs + lifetimeMs,
      ballots: new Map([[proposer, true]]),
      executedAtMs: null,
    }
    this.#proposals.set(this.#proposed(step), proposal)
    if (this.#passes(proposal.ballots)) this.#execute(proposal, proposedAtMs)
    return []
  }

  #vote(voter: string, step: Step & { kind: 'vote' }, timeMs: number): readonly string[] {
    const proposal = this.#proposals.get(this.#voted(step))
    if (!proposal) return ['proposal-unknown']
    const broken: string[] = []
    if (proposal.executedAtMs !== null) broken.push('proposal-executed')
    if (timeMs >= proposal.expiresAtMs) broken.push('proposal-expired')
    if (proposal.ballots.has(voter)) broken.push('already-voted')
    if (broken.length > 0) return broken
    const ballots = new Map([...proposal.ballots, [voter, step.approve]])
    const passes = this.#passes(ballots)
    if (passes) broken.push(...this.#brokenBy(proposal.action, proposal.atHeight))
    if (broken.length > 0) return broken
    proposal.ballots.set(voter, step.approve)
    if (passes) this.#execute(proposal, timeMs)
    return []
  }

  #rotate(name: string, actor: ModelMember, step: Step & { kind: 'rotate-key' }, timeMs: number): readonly string[] {
    const broken: string[] = []
    if (this.#keys.has(step.key)) broken.push('key-already-used')
    if (!step.proven) broken.push('key-proof-invalid')
    if (broken.length > 0) return broken
    ;(this.#keys.get(actor.key) as ModelKey).untilMs = timeMs
    this.#keys.set(step.key, { owner: name, sinceMs: timeMs, untilMs: null })
    actor.key = step.key
    return []
  }

  #validate(name: string, { key, proven }: Step & { kind: 'set-validator' }): readonly string[] {
    const entered = this.#validators
    if (entered === null) return ['validators-not-used']
    if (key === null) {
      if (!entered.has(name)) return ['not-a-validator']
      if (entered.size === 1) return ['last-validator']
      entered.delete(name)
      return []
    }
    const broken: string[] = []
    if ((this.#validatorKeys.get(key) ?? name) !== name) broken.push('validator-key-used')
    if (!proven) broken.push('validator-proof-invalid')
    if (broken.length > 0) return broken
    entered.set(name, key)
    this.#validatorKeys.set(key, name)
    return []
  }

  #active(): readonly string[] {
    return [...this.#members].filter(([, { active }]) => active).map(([name]) => name)
  }

  #passes(ballots: ReadonlyMap<string, boolean>): boolean {
    const active = this.#active()
    return active.filter((name) => ballots.get(name) === true).length * 3 > active.length * 2
  }

  #brokenBy(action: ModelAction, atHeight: number): string[] {
    if (action.kind === 'protocol-version') {
      const valid = action.version > this.#inForce() && atHeight > this.#ledger.height
      return valid ? [] : ['protocol-version-invalid']
    }
    const found = this.#members.get(action.who)
    if (action.kind === 'admit') {
      const taken = [...this.#members.values()].some(({ handle }) => handle === action.handle)
      return [...(this.#keys.has(action.who) ? ['key-already-used'] : []), ...(taken ? ['handle-taken'] : [])]
    }
    if (!found) return ['member-unknown']
    if (action.kind === 'reinstate') return found.active ? ['member-not-suspended'] : []
    return [
      ...(found.active ? [] : ['member-not-active']),
      ...(this.#active().length === 1 ? ['last-active-member'] : []),
      ...(this.#validators?.size === 1 && this.#validators.has(action.who) ? ['last-validator'] : []),
    ]
  }

  #execute(proposal: ModelProposal, timeMs: number): void {
    const { action, atHeight } = proposal
    proposal.executedAtMs = timeMs
    if (action.kind === 'admit') this.#admit(action.who, action.handle, timeMs)
    else if (action.kind === 'protocol-version') {
      this.#version = this.#inForce()
      this.#pending = { version: action.version, height: atHeight }
    } else {
      ;(this.#members.get(action.who) as ModelMember).active = action.kind === 'reinstate'
      if (action.kind === 'suspend') this.#validators?.delete(action.who)
    }
  }

  #admit(name: string, handle: string, admittedAtMs: number): void {
    const identity = member(name)
    const { url, encryptionKey } = identity.genesis
    this.#members.set(name, { identity, handle, admittedAtMs, active: true, key: name, url, encryptionKey })
    this.#keys.set(name, { owner: name, sinceMs: admittedAtMs, untilMs: null })
  }

  #inForce(): number {
    return this.#pending && this.#ledger.height >= this.#pending.height ? this.#pending.version : this.#version
  }

  compare({ state }: MemoryLedger): void {
    const known = this.#members
    assert.deepEqual(count.get(state), { members: known.size, active: this.#active().length })
    assert.deepEqual(
      listMembers(state),
      [...known.values()].map(({ identity }) => identity.id),
    )
    assert.deepEqual(
      listProposals(state),
      [...this.#proposals.keys()].map((name) => id(name)),
    )
    const entered = this.#validators && [...this.#validators]
    assert.deepEqual(
      validators.get(state),
      entered?.map(([name, held]) => ({ memberId: member(name).id, publicKey: key(held).bytes })),
    )
    for (const [name, owner] of this.#validatorKeys) {
      assert.deepEqual(validatorKeys.get(state, key(name).bytes), { memberId: member(owner).id })
    }
    assert.deepEqual(protocol.get(state), { version: this.#version, pending: this.#pending })
    for (const [, { identity, handle, admittedAtMs, active, key: name, url, encryptionKey }] of known) {
      const status = active ? 'active' : 'suspended'
      const keySinceMs = this.#keys.get(name)?.sinceMs
      const { name: title, roles } = identity.genesis
      const held = { status, signingKey: key(name).bytes, encryptionKey, url, admittedAtMs, keySinceMs }
      assert.deepEqual(members.get(state, identity.id), { handle, name: title, roles, ...held })
      assert.deepEqual(handles.get(state, handle), { memberId: identity.id })
    }
    for (const [name, { owner, sinceMs, untilMs }] of this.#keys) {
      assert.deepEqual(keys.get(state, key(name).bytes), { memberId: member(owner).id, sinceMs, untilMs })
    }
    for (const [name, { action, atHeight, proposer, ballots, ...times }] of this.#proposals) {
      assert.deepEqual(proposals.get(state, id(name)), {
        action: ledgerAction(action, atHeight),
        proposer: member(proposer).id,
        ballots: [...ballots].map(([voter, approve]) => ({ memberId: member(voter).id, approve })),
        ...times,
      })
    }
  }
}

function endpoint(host: string) {
  return { url: `https://${host}.example`, encryptionKey: hash(host) }
}

function blocks(action: ModelAction): number {
  return action.kind === 'protocol-version' ? action.afterBlocks : 0
}

function ledgerAction(action: ModelAction, atHeight: number): ProposeArgs['action'] {
  if (action.kind === 'protocol-version') return { kind: action.kind, value: { version: action.version, atHeight } }
  if (action.kind !== 'admit') return { kind: action.kind, value: { memberId: member(action.who).id } }
  const { kind, value } = admission(member(action.who))
  return { kind, value: { ...value, handle: action.handle } }
}

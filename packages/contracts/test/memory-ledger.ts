/**
 * Runs commands as an engine does, over a map: arguments go through their bytes, a refused transaction leaves no
 * trace, and a refusal must be one that the command declares.
 */
import assert from 'node:assert/strict'
import {
  type Command,
  decodeCbor,
  ed25519PublicKey,
  ed25519Sign,
  encodeCbor,
  type GenesisContent,
  type GenesisMember,
  isSalusError,
  memberId,
  type PublicKey,
  sha256,
  toHex,
  utf8,
} from '@salus/core'
import {
  CONTRACTS,
  type CommandDefinition,
  findCommand,
  keyRotationDigest,
  type State,
  validatorKeyDigest,
} from '../src/index.ts'

export const GENESIS_TIME_MS = 1_700_000_000_000

/** 16 bytes that stand for a random identifier. */
export function id(name: string): Uint8Array {
  return sha256(utf8(name)).subarray(0, 16)
}

/** 32 bytes that stand for a commitment or root. */
export function hash(name: string): Uint8Array {
  return sha256(utf8(name))
}

/** A key pair made from a name. */
export interface TestKey {
  readonly seed: Uint8Array
  readonly bytes: Uint8Array
  readonly publicKey: PublicKey
}

export function testKey(name: string): TestKey {
  const seed = sha256(utf8(`seed ${name}`))
  const bytes = ed25519PublicKey(seed)
  return { seed, bytes, publicKey: { scheme: 'ed25519', bytes } }
}

/** A member as the genesis file or an admission names it, with its key. */
export interface TestMember {
  readonly key: TestKey
  readonly id: string
  readonly genesis: GenesisMember
  /** Where the member validates from the genesis on. */
  readonly consensusKey?: TestKey
}

export function testMember(handle: string): TestMember {
  const key = testKey(handle)
  const name = `Member ${handle}`
  const id = memberId(name, key.bytes)
  const url = `https://${handle}.example`
  const encryptionKey = hash(`encryption ${handle}`)
  return { key, id, genesis: { id, handle, name, roles: ['provider'], signingKey: key.bytes, encryptionKey, url } }
}

/** The member as a validator of the genesis file. */
export function validating(member: TestMember): TestMember {
  return { ...member, consensusKey: testKey(`consensus ${member.genesis.handle}`) }
}

/** The arguments with which `memberId` begins to validate by `key`. */
export function validation(memberId: string, { seed, bytes }: TestKey) {
  return { key: { publicKey: bytes, proof: ed25519Sign(seed, validatorKeyDigest(memberId, bytes)) } }
}

/** The action that admits `member`. */
export function admission({ genesis }: TestMember) {
  const { id: _, ...value } = genesis
  return { kind: 'admit', value } as const
}

/** The proof with which `member` may move to `key`. */
export function rotation(memberId: string, key: TestKey) {
  return { newSigningKey: key.bytes, proof: ed25519Sign(key.seed, keyRotationDigest(memberId, key.bytes)) }
}

function engineOf(members: readonly TestMember[]): GenesisContent['engine'] {
  const validators = members.flatMap(({ id, consensusKey }) =>
    consensusKey ? [{ memberId: id, publicKey: consensusKey.bytes }] : [],
  )
  if (validators.length === 0) return { kind: 'embedded', publicKey: hash('engine') }
  return { kind: 'cometbft', trustingPeriodMs: 1_209_600_000, validators }
}

export class MemoryLedger {
  height = 1
  timeMs = GENESIS_TIME_MS + 1000
  #rows = new Map<string, Uint8Array>()

  readonly state: State = {
    get: (key) => this.#rows.get(toHex(key)),
    put: (key, value) => void this.#rows.set(toHex(key), value),
    delete: (key) => void this.#rows.delete(toHex(key)),
  }

  constructor(...members: readonly TestMember[]) {
    const genesis = {
      format: 'salus-genesis/1',
      network: 'test',
      timeMs: GENESIS_TIME_MS,
      protocol: 1,
      engine: engineOf(members),
      members: members.map((member) => member.genesis),
    } as const
    for (const contract of CONTRACTS) contract.start?.(this.state, genesis)
  }

  /** Applies the commands together; returns null, or the code of the refusal. */
  apply(signer: TestKey | PublicKey, ...commands: readonly Command[]): string | null {
    const before = new Map(this.#rows)
    for (const command of commands) {
      const code = this.#run('publicKey' in signer ? signer.publicKey : signer, command)
      if (code !== null) {
        this.#rows = before
        return code
      }
    }
    return null
  }

  #run(signer: PublicKey, { contract, command, args }: Command): string | null {
    const definition = findCommand(contract, command) as CommandDefinition
    const parsed = definition.args.parse(decodeCbor(encodeCbor(args)))
    const { state, height, timeMs } = this
    try {
      assert.equal(definition.execute({ state, signer, height, timeMs }, parsed), undefined, 'a command returned')
      return null
    } catch (error) {
      if (!isSalusError(error) || !(error.code in definition.refusals)) throw error
      return error.code
    }
  }

  /** All rows in hexadecimal, in the order of their keys. */
  dump(): readonly (readonly [key: string, value: string])[] {
    return [...this.#rows].map(([key, value]) => [key, toHex(value)] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

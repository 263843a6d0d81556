/** A contract small enough to reach every result of a transaction by itself, and a genesis to go with it. */
import { type CommandDefinition, type Contract, refuse, table, validators } from '@salus/contracts'
import {
  array,
  bytes,
  type Command,
  ed25519PublicKey,
  ed25519Signer,
  type GenesisContent,
  memberId,
  randomBytes,
  readGenesis,
  sha256,
  signTransaction,
  struct,
  toHex,
  uint,
  utf8,
  writeGenesis,
} from '@salus/core'
import type { Rules } from '../rules.ts'

const Value = bytes(0, 50_000)

/** `test/value/{n}` */
export const values = table<[n: number], Uint8Array>('test', 'value', Value, { key: ['n'], doc: 'A value.' })

const PutArgs = struct({ n: uint(), value: Value })
const ValidateArgs = struct({ publicKeys: array(bytes(32), 1, 128) })
const KeyArgs = struct({ n: uint() })

const put: CommandDefinition = {
  name: 'put',
  doc: 'Writes a value.',
  args: PutArgs,
  refusals: {},
  execute: ({ state }, { n, value }) => values.put(state, value, n),
}
const remove: CommandDefinition = {
  name: 'remove',
  doc: 'Deletes a value that is there.',
  args: KeyArgs,
  refusals: { 'test-absent': 'there is no such value' },
  execute: ({ state }, { n }) => {
    if (!values.get(state, n)) refuse('test-absent', 'there is no such value')
    values.delete(state, n)
  },
}
const validate: CommandDefinition = {
  name: 'validate',
  doc: 'Says who validates.',
  args: ValidateArgs,
  refusals: {},
  execute: ({ state }, { publicKeys }) => {
    validators.put(
      state,
      publicKeys.map((publicKey: Uint8Array) => ({ memberId: toHex(publicKey).slice(0, 32), publicKey })),
    )
  },
}
const fault: CommandDefinition = {
  name: 'fault',
  doc: 'Fails in a way that no contract should.',
  args: KeyArgs,
  refusals: {},
  execute: () => {
    throw new TypeError('a fault')
  },
}

const contract: Contract = {
  name: 'test',
  doc: 'For tests.',
  tables: [values],
  commands: [put, remove, validate, fault],
}

export const TEST_RULES: Rules = {
  findCommand: (name, command) =>
    name === contract.name ? contract.commands.find((known) => known.name === command) : undefined,
  start: (state) => values.put(state, utf8('genesis'), 0),
  protocolAt: () => 1,
}

/** Start of all test clocks: 2026-01-01. */
export const TEST_TIME_MS: number = Date.UTC(2026, 0, 1)

export const ENGINE_KEY: Uint8Array = sha256(utf8('engine key of the tests'))

/** The text of a genesis file with one member. */
export function testGenesis(network = 'test'): string {
  const signingKey = ed25519PublicKey(sha256(utf8('member')))
  const member: GenesisContent['members'][number] = {
    id: memberId('Riverside', signingKey),
    handle: 'riverside',
    name: 'Riverside',
    roles: ['provider'],
    signingKey,
    encryptionKey: new Uint8Array(32),
    url: 'http://127.0.0.1:1',
  }
  return writeGenesis({
    format: 'salus-genesis/1',
    network,
    timeMs: TEST_TIME_MS - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(ENGINE_KEY) },
    members: [member],
  })
}

/** The call that writes `value` under `n`. */
export function putCall(n: number, value: string): Command {
  return { contract: 'test', command: 'put', args: PutArgs.toCbor({ n, value: utf8(value) }) }
}

/** The call that makes these consensus keys those of the validators. */
export function validateCall(publicKeys: readonly Uint8Array[]): Command {
  return { contract: 'test', command: 'validate', args: ValidateArgs.toCbor({ publicKeys }) }
}

export function keyCall(command: 'remove' | 'fault', n: number): Command {
  return { contract: 'test', command, args: KeyArgs.toCbor({ n }) }
}

/** What a test may change in a transaction. */
export interface Wish {
  readonly genesis?: string
  readonly expiresAtMs?: number
  readonly seed?: Uint8Array
}

/** A signed transaction with these commands. */
export function signedTransaction(commands: readonly Command[], wish: Wish = {}): Promise<Uint8Array> {
  const signer = ed25519Signer(wish.seed ?? sha256(utf8('member')))
  const { ledgerId } = readGenesis(wish.genesis ?? testGenesis())
  const expiresAtMs = wish.expiresAtMs ?? TEST_TIME_MS + 60_000
  return signTransaction({ ledgerId, signer: signer.publicKey, nonce: randomBytes(16), expiresAtMs, commands }, signer)
}

/**
 * What a contract is made of. A contract is deterministic: it sees its arguments, the ledger's state, the block's
 * time and the signer, and nothing else. It may not touch clocks, randomness, I/O, locale or floating point; the
 * linter keeps those out of this package.
 *
 * A command either returns, and its writes stand, or throws {@link refuse}, and the whole transaction leaves no trace
 * but its result code in the log.
 */
import {
  type Cbor,
  type Command,
  decode,
  encode,
  type GenesisContent,
  type PublicKey,
  SalusError,
  type Schema,
  stateKey,
} from '@salus/core'

/** Authenticated state as a command sees it: reads see the writes before them in the same block. */
export interface State {
  get(key: Uint8Array): Uint8Array | undefined
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
}

/** State that can only be read, as nodes and proofs see it. */
export type ReadableState = Pick<State, 'get'>

/** The facts that a command may use besides its arguments. `timeMs` is block time. */
export interface Context {
  readonly state: State
  readonly signer: PublicKey
  readonly height: number
  readonly timeMs: number
}

/** One command: its name, its arguments, what it does, the codes it may refuse with, and the rule itself. */
export interface CommandDefinition<A = unknown> {
  readonly name: string
  readonly doc: string
  readonly args: Schema<A>
  readonly refusals: Readonly<Record<string, string>>
  execute(context: Context, args: A): void
}

/** A named set of commands over tables of its own; `start` writes what the genesis file says. */
export interface Contract {
  readonly name: string
  readonly doc: string
  readonly tables: readonly TableDefinition[]
  readonly commands: readonly CommandDefinition[]
  readonly start?: (state: State, genesis: GenesisContent) => void
}

/** Refuses the transaction with one of the command's codes. */
export function refuse(code: string, message: string): never {
  throw new SalusError(code, message)
}

/** The call of `command` as a transaction carries it. */
export function call<A>(contract: Contract, command: CommandDefinition<A>, args: A): Command {
  return { contract: contract.name, command: command.name, args: command.args.toCbor(args) }
}

/** What the specification says of a table: `about` names the parts of its key in order, and what a row means. */
export interface TableDefinition<V = unknown> {
  readonly name: string
  readonly row: Schema<V>
  readonly about: { readonly key: readonly string[]; readonly doc: string }
}

/** A typed view of one table: rows of `V` under keys of `K`, which is how all state is read and written. */
export interface Table<K extends readonly Cbor[], V> extends TableDefinition<V> {
  readonly key: (...key: K) => Uint8Array
  readonly get: (state: ReadableState, ...key: K) => V | undefined
  readonly put: (state: State, row: V, ...key: K) => void
  readonly delete: (state: State, ...key: K) => void
  /** The row of a value that was read elsewhere, for example out of a proof. */
  readonly parse: (value: Uint8Array) => V
}

/** Declares the table `contract/name`. */
export function table<K extends readonly Cbor[], V>(
  contract: string,
  name: string,
  row: Schema<V>,
  about: TableDefinition['about'],
): Table<K, V> {
  const key = (...parts: K): Uint8Array => stateKey(contract, name, parts)
  return {
    name,
    row,
    about,
    key,
    parse: (value) => decode(row, value),
    get: (state, ...parts) => {
      const value = state.get(key(...parts))
      return value === undefined ? undefined : decode(row, value)
    },
    put: (state, value, ...parts) => state.put(key(...parts), encode(row, value)),
    delete: (state, ...parts) => state.delete(key(...parts)),
  }
}

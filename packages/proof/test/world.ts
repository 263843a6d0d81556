/** A ledger small enough to hold in a test: a log and a state tree, built the plain way, under signed checkpoints. */
import {
  type Cbor,
  type Command,
  checkpointOrigin,
  ed25519PublicKey,
  ed25519Signer,
  encode,
  equalBytes,
  FileBatches,
  type Genesis,
  LogEntry,
  memberId,
  readGenesis,
  type Schema,
  sha256,
  signCheckpoint,
  signTransaction,
  stateKey,
  stateLeafHash,
  utf8,
  writeGenesis,
} from '@salus/core'
import { inclusionPath, type LogProof, merkleRoot, type StateProof } from '../src/index.ts'
import { commitNote, consensusKey, validatorsOf } from './comet-network.ts'

export const seed = (name: string): Uint8Array => sha256(utf8(name))
export const id16 = (name: string): Uint8Array => seed(name).subarray(0, 16)

const EMPTY = new Uint8Array(32)

interface Leaf {
  readonly key: Uint8Array
  readonly keyHash: Uint8Array
  readonly value: Uint8Array
}

const bit = (bytes: Uint8Array, i: number) => ((bytes[i >>> 3] as number) >>> (7 - (i & 7))) & 1
const under = (leaves: readonly Leaf[], depth: number, side: number) =>
  leaves.filter(({ keyHash }) => bit(keyHash, depth) === side)

/** Root of the compact sparse Merkle tree, straight from its definition. */
export function treeRoot(leaves: readonly Leaf[], depth = 0): Uint8Array {
  if (leaves.length === 0) return EMPTY
  const [only] = leaves
  if (leaves.length === 1 && only) return stateLeafHash(only.keyHash, only.value)
  return sha256(treeRoot(under(leaves, depth, 0), depth + 1), treeRoot(under(leaves, depth, 1), depth + 1))
}

export function treeProof(all: readonly Leaf[], key: Uint8Array, checkpoint: string): StateProof {
  const keyHash = sha256(key)
  const steps: Uint8Array[] = []
  let leaves = all
  let depth = 0
  for (; leaves.length > 1; depth++) {
    const side = bit(keyHash, depth)
    steps.unshift(treeRoot(under(leaves, depth, 1 - side), depth + 1))
    leaves = under(leaves, depth, side)
  }
  const [standing] = leaves
  const present = standing !== undefined && equalBytes(standing.keyHash, keyHash)
  const bitmap = new Uint8Array(Math.ceil(depth / 8))
  steps.forEach((hash, i) => {
    if (!equalBytes(hash, EMPTY)) bitmap[i >>> 3] = (bitmap[i >>> 3] as number) | (0x80 >>> (i & 7))
  })
  return {
    key,
    value: present ? standing.value : null,
    other: standing && !present ? { keyHash: standing.keyHash, value: standing.value } : null,
    depth,
    bitmap,
    siblings: steps.filter((hash) => !equalBytes(hash, EMPTY)),
    checkpoint,
  }
}

export class World {
  readonly genesisText: string
  readonly genesis: Genesis
  readonly riverside: string
  readonly lakeside: string
  readonly state = new Map<string, Leaf>()
  readonly log: Uint8Array[] = []
  height = 0
  timeMs = 1_790_000_000_000

  constructor(network = 'test', engine: Genesis['engine']['kind'] = 'embedded') {
    const member = (name: string) => ({
      id: memberId(name, ed25519PublicKey(seed(name))),
      handle: name,
      name,
      roles: ['provider' as const],
      signingKey: ed25519PublicKey(seed(name)),
      encryptionKey: seed(`${name} encryption`),
      url: 'https://example.org',
    })
    const members = [member('riverside'), member('lakeside')]
    this.genesisText = writeGenesis({
      format: 'salus-genesis/1',
      network,
      timeMs: this.timeMs,
      protocol: 1,
      engine:
        engine === 'embedded'
          ? { kind: engine, publicKey: ed25519PublicKey(seed('engine')) }
          : {
              kind: engine,
              trustingPeriodMs: 1_209_600_000,
              validators: members.map(({ id, name }) => ({ memberId: id, publicKey: consensusKey(name) })),
            },
      members,
    })
    this.genesis = readGenesis(this.genesisText)
    this.riverside = members[0]?.id as string
    this.lakeside = members[1]?.id as string
  }

  put<T>(schema: Schema<T>, row: T, contract: string, table: string, ...parts: Cbor[]): void {
    const key = stateKey(contract, table, parts)
    const keyHash = sha256(key)
    this.state.set(keyHash.toString(), { key, keyHash, value: encode(schema, row) })
  }

  /** Commits one transaction; returns its index in the log. */
  async commit(signer: string, commands: readonly Command[], code: string | null = null): Promise<number> {
    const transaction = await signTransaction(
      {
        ledgerId: this.genesis.ledgerId,
        signer: { scheme: 'ed25519', bytes: ed25519PublicKey(seed(signer)) },
        nonce: id16(`nonce ${this.log.length}`),
        expiresAtMs: this.timeMs + 60_000,
        commands,
      },
      ed25519Signer(seed(signer)),
    )
    this.height++
    this.timeMs += 1000
    return this.log.push(encode(LogEntry, { transaction, height: this.height, timeMs: this.timeMs, code })) - 1
  }

  /** Commits items of one file as `contract/command`. */
  commitBatch(signer: string, contract: string, command: string, fileId: Uint8Array, items: readonly Uint8Array[]) {
    const files = [{ fileId, count: items.length, root: merkleRoot(items), emergencies: 0 }]
    return this.commit(signer, [{ contract, command, args: FileBatches.toCbor({ files }) }])
  }

  /** The checkpoint as a note, signed by the engine's key or all validators, or by another. */
  checkpoint(engine = 'engine'): string {
    const checkpoint = {
      origin: checkpointOrigin(this.genesis),
      logSize: this.log.length,
      logRoot: merkleRoot(this.log),
      stateRoot: treeRoot([...this.state.values()]),
      height: this.height,
      timeMs: this.timeMs,
      protocol: 1,
    }
    if (this.genesis.engine.kind === 'embedded') return signCheckpoint(checkpoint, seed(engine))
    const validators = engine === 'engine' ? ['riverside', 'lakeside'] : [engine]
    return commitNote(this.genesis, checkpoint, validatorsOf(validators))
  }

  proveEntry(index: number): LogProof {
    const entry = this.log[index] as Uint8Array
    return { entry, index, path: inclusionPath(this.log, index), checkpoint: this.checkpoint() }
  }

  proveState(contract: string, table: string, ...parts: Cbor[]): StateProof {
    return treeProof([...this.state.values()], stateKey(contract, table, parts), this.checkpoint())
  }
}

/** Blocks of real CometBFT networks, out of the JSON-RPC answers in src/vectors (made by ../capture-vectors.ts). */
import { readFileSync } from 'node:fs'
import { type BlockId, type CometHeader, type CometTime, type CommitHop, fromBase64, fromHex } from '@salus/core'
import { sortValidators, type Trust, validatorsHash } from '../src/index.ts'

interface BlockIdJson {
  readonly hash: string
  readonly parts: { readonly total: number; readonly hash: string }
}

type HashName = { [K in keyof CometHeader]: CometHeader[K] extends Uint8Array ? K : never }[keyof CometHeader]

interface HeaderJson extends Readonly<Record<HashName, string>> {
  readonly version: { readonly block: string; readonly app?: string }
  readonly chain_id: string
  readonly height: string
  readonly time: string
  readonly last_block_id: BlockIdJson
}

interface SignatureJson {
  readonly block_id_flag: number
  readonly validator_address: string
  readonly timestamp: string
  readonly signature: string | null
}

interface BlockJson {
  readonly signed_header: {
    readonly header: HeaderJson
    readonly commit: { readonly round: number; readonly block_id: BlockIdJson; readonly signatures: SignatureJson[] }
  }
  readonly validators: readonly {
    readonly address: string
    readonly pub_key: { readonly value: string }
    readonly voting_power: string
  }[]
}

/** A block as evidence has it, with what CometBFT says besides. */
export interface RealBlock {
  readonly hop: CommitHop
  readonly blockId: BlockId
  readonly addresses: readonly Uint8Array[]
}

export interface RealNetwork {
  readonly blocks: readonly RealBlock[]
  /** What the genesis file of that network would give. */
  readonly trust: Trust
}

const hex = (text: string): Uint8Array => fromHex(text.toLowerCase())
const blockId = ({ hash, parts }: BlockIdJson): BlockId => ({
  hash: hex(hash),
  parts: { total: parts.total, hash: hex(parts.hash) },
})

function time(text: string): CometTime {
  const [seconds, nanos = ''] = text.slice(0, -1).split('.') as [string, string?]
  return { seconds: Date.parse(`${seconds}Z`) / 1000, nanos: Number(nanos.padEnd(9, '0')) }
}

function header(json: HeaderJson): CometHeader {
  return {
    version: { block: Number(json.version.block), app: Number(json.version.app ?? 0) },
    chain_id: json.chain_id,
    height: Number(json.height),
    time: time(json.time),
    last_block_id: blockId(json.last_block_id),
    last_commit_hash: hex(json.last_commit_hash),
    data_hash: hex(json.data_hash),
    validators_hash: hex(json.validators_hash),
    next_validators_hash: hex(json.next_validators_hash),
    consensus_hash: hex(json.consensus_hash),
    app_hash: hex(json.app_hash),
    last_results_hash: hex(json.last_results_hash),
    evidence_hash: hex(json.evidence_hash),
    proposer_address: hex(json.proposer_address),
  }
}

function block({ signed_header, validators }: BlockJson): RealBlock {
  const { round, block_id, signatures } = signed_header.commit
  const id = blockId(block_id)
  return {
    hop: {
      header: header(signed_header.header),
      commit: {
        round,
        parts: id.parts,
        signatures: signatures.map(({ block_id_flag, timestamp, signature }) =>
          block_id_flag === 2 ? { time: time(timestamp), signature: fromBase64(signature as string) } : null,
        ),
      },
      validators: validators.map(({ pub_key, voting_power }) => ({
        publicKey: fromBase64(pub_key.value),
        power: Number(voting_power),
      })),
    },
    blockId: id,
    addresses: validators.map(({ address }) => hex(address)),
  }
}

export function realNetwork(name: 'one-validator' | 'four-validators'): RealNetwork {
  const file = readFileSync(new URL(`../src/vectors/${name}.json`, import.meta.url), 'utf8')
  const { genesis_time, blocks: all } = JSON.parse(file) as { genesis_time: string; blocks: BlockJson[] }
  const blocks = all.map(block)
  const [first] = blocks as [RealBlock]
  const validators = sortValidators(first.hop.validators)
  const trust: Trust = {
    chainId: first.hop.header.chain_id,
    trustingPeriodMs: 1_209_600_000,
    height: 0,
    time: time(genesis_time),
    validators,
    nextValidatorsHash: validatorsHash(validators),
  }
  return { blocks, trust }
}

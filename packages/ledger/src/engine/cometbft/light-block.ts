/**
 * A light block, which is a header with its commit and its validators, out of CometBFT's JSON-RPC in the form that
 * proofs carry (core's formats/commit-evidence.ts).
 */
import {
  type BlockId,
  CometHeader,
  type CometTime,
  type CometValidator,
  CommitHop,
  ed25519Verify,
  encode,
  fromBase64,
  fromHex,
  SalusError,
} from '@salus/core'
import { precommitBytes } from '@salus/proof'
import type { CometRpc } from './rpc.ts'

const PAGE = 100
/** The vote of a validator that signed for the block, in the `block_id_flag` of its signature. */
const FOR_BLOCK = 2

interface BlockIdJson {
  readonly hash: string
  readonly parts: { readonly total: number; readonly hash: string }
}

interface HeaderJson {
  readonly version: { readonly block: string; readonly app?: string }
  readonly chain_id: string
  readonly height: string
  readonly time: string
  readonly last_block_id: BlockIdJson
  readonly last_commit_hash: string
  readonly data_hash: string
  readonly validators_hash: string
  readonly next_validators_hash: string
  readonly consensus_hash: string
  readonly app_hash: string
  readonly last_results_hash: string
  readonly evidence_hash: string
  readonly proposer_address: string
}

interface SignatureJson {
  readonly block_id_flag: number
  readonly timestamp: string
  readonly signature: string | null
}

interface CommitJson {
  readonly signed_header: {
    readonly header: HeaderJson
    readonly commit: {
      readonly round: number
      readonly block_id: BlockIdJson
      readonly signatures: readonly SignatureJson[]
    }
  }
}

interface ValidatorsJson {
  readonly total: string
  readonly validators: readonly { readonly pub_key: { readonly value: string }; readonly voting_power: string }[]
}

/**
 * The light block at `height`, which this node's CometBFT has verified already.
 * @throws SalusError `cometbft-unreachable`, `cometbft-refused` where the block is not there, `light-block-malformed`
 */
export async function fetchLightBlock(rpc: CometRpc, height: number): Promise<CommitHop> {
  const [{ signed_header }, validators] = await Promise.all([
    rpc.call('commit', { height: String(height) }) as Promise<CommitJson>,
    fetchValidators(rpc, height),
  ])
  try {
    const header = readHeader(signed_header.header)
    const { round, block_id, signatures } = signed_header.commit
    const id = readBlockId(block_id)
    const votes = signatures.map(({ block_id_flag, timestamp, signature }, i) => {
      if (block_id_flag !== FOR_BLOCK || signature === null) return null
      const vote = { time: readTime(timestamp), signature: fromBase64(signature) }
      // CometBFT's rule for signatures allows a few that verifiers of proofs do not.
      const signed = precommitBytes(header, round, id, vote.time)
      return ed25519Verify((validators[i] as CometValidator).publicKey, signed, vote.signature) ? vote : null
    })
    const hop = { header, commit: { round, parts: id.parts, signatures: votes }, validators }
    encode(CommitHop, hop)
    return hop
  } catch (cause) {
    throw new SalusError('light-block-malformed', 'CometBFT told of a block in another form', { height }, cause)
  }
}

/** The header at `height` alone. @throws as {@link fetchLightBlock} */
export async function fetchHeader(rpc: CometRpc, height: number): Promise<CometHeader> {
  const { signed_header } = (await rpc.call('commit', { height: String(height) })) as CommitJson
  try {
    const header = readHeader(signed_header.header)
    encode(CometHeader, header)
    return header
  } catch (cause) {
    throw new SalusError('light-block-malformed', 'CometBFT told of a block in another form', { height }, cause)
  }
}

async function fetchValidators(rpc: CometRpc, height: number): Promise<CometValidator[]> {
  const validators: CometValidator[] = []
  for (let page = 1; ; page++) {
    const params = { height: String(height), page: String(page), per_page: String(PAGE) }
    const answer = (await rpc.call('validators', params)) as ValidatorsJson
    for (const { pub_key, voting_power } of answer.validators) {
      validators.push({ publicKey: fromBase64(pub_key.value), power: Number(voting_power) })
    }
    if (validators.length >= Number(answer.total) || answer.validators.length === 0) return validators
  }
}

function readHeader(json: HeaderJson): CometHeader {
  return {
    version: { block: Number(json.version.block), app: Number(json.version.app ?? 0) },
    chain_id: json.chain_id,
    height: Number(json.height),
    time: readTime(json.time),
    last_block_id: readBlockId(json.last_block_id),
    last_commit_hash: readHash(json.last_commit_hash),
    data_hash: readHash(json.data_hash),
    validators_hash: readHash(json.validators_hash),
    next_validators_hash: readHash(json.next_validators_hash),
    consensus_hash: readHash(json.consensus_hash),
    app_hash: readHash(json.app_hash),
    last_results_hash: readHash(json.last_results_hash),
    evidence_hash: readHash(json.evidence_hash),
    proposer_address: readHash(json.proposer_address),
  }
}

function readBlockId({ hash, parts }: BlockIdJson): BlockId {
  return { hash: readHash(hash), parts: { total: parts.total, hash: readHash(parts.hash) } }
}

function readHash(text: string): Uint8Array {
  return fromHex(text.toLowerCase())
}

/** RFC 3339 in UTC with up to nine decimals of a second. */
function readTime(text: string): CometTime {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (!match) throw new SalusError('light-block-malformed', 'a time is not spelled right')
  return { seconds: Date.parse(`${match[1]}Z`) / 1000, nanos: Number((match[2] ?? '').padEnd(9, '0')) }
}

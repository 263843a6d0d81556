/**
 * The folder that CometBFT calls its home: configuration, its own genesis, keys. Everything in `config/` follows from
 * the Salus genesis file and the options and is written anew at each start; `data/` is CometBFT's.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  chainIdOf,
  cometAddress,
  concat,
  ed25519PublicKey,
  type Genesis,
  toBase64,
  toHex,
  VALIDATOR_POWER,
} from '@salus/core'
import { BLOCK_BYTES_MAX } from '../engine.ts'
import { networkOf } from './validators.ts'

/** Where CometBFT and the application meet: two unix sockets in one folder. */
export interface CometSockets {
  readonly abci: string
  readonly rpc: string
}

/** How CometBFT finds and trusts a snapshot: two or more servers of light blocks, and a header that it knows. */
export interface TrustedStart {
  readonly servers: readonly string[]
  readonly height: number
  /** Hash of the header at that height, 32 bytes. */
  readonly hash: Uint8Array
}

export interface HomeOptions {
  readonly home: string
  readonly genesis: Genesis
  readonly sockets: CometSockets
  /** Ed25519 seed of the consensus key. A node that is no validator has one too; nobody counts its votes. */
  readonly consensusKey: Uint8Array
  /** Ed25519 seed of the key by which peers know this node. */
  readonly nodeKey: Uint8Array
  /** Where to listen for peers, for example `tcp://0.0.0.0:26656`. */
  readonly listen: string
  /** The address that peers are told, for example `node.example.org:26656`; null for that of `listen`. */
  readonly externalAddress: string | null
  /** `id@host:port` of the nodes to connect to. */
  readonly peers: readonly string[]
  readonly stateSync: TrustedStart | null
}

/**
 * How long an idle network goes without a block. A block is signed by more than two thirds of the validators, so a
 * replica to which none comes knows that it may be cut off: where packets are dropped in silence, connections between
 * peers stand for minutes. And CometBFT sends a transaction to each peer once, and a peer that is still catching up
 * drops it: if its vote is needed it would wait for a transaction that never comes. Empty blocks also keep consecutive
 * headers within the trusting period.
 */
export const IDLE_BLOCK_MS = 4000

/**
 * How far the clock of a validator may be behind the time of blocks, which lies between those of the others. Beyond it
 * CometBFT refuses what all have decided and stands still; its own bound is a minute.
 */
const CLOCK_BEHIND_MS_MAX = 15 * 60 * 1000

/** The `id` by which peers name the node with this key. */
export function nodeId(nodePublicKey: Uint8Array): string {
  return toHex(cometAddress(nodePublicKey))
}

/** Writes the configuration; makes `data/` where there is none. */
export function writeHome(options: HomeOptions): void {
  const config = join(options.home, 'config')
  const data = join(options.home, 'data')
  for (const folder of [config, data]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (path: string, content: unknown): void =>
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  writeFileSync(join(config, 'config.toml'), configToml(options), { mode: 0o600 })
  write(join(config, 'genesis.json'), genesisJson(options.genesis))
  write(join(config, 'node_key.json'), { priv_key: privateKeyJson(options.nodeKey) })
  write(join(config, 'priv_validator_key.json'), {
    address: toHex(cometAddress(ed25519PublicKey(options.consensusKey))).toUpperCase(),
    pub_key: publicKeyJson(ed25519PublicKey(options.consensusKey)),
    priv_key: privateKeyJson(options.consensusKey),
  })
  // What was signed last: it must never be lost or set back, or the validator could sign twice.
  const signed = join(data, 'priv_validator_state.json')
  if (!existsSync(signed)) write(signed, { height: '0', round: 0, step: 0 })
}

function publicKeyJson(publicKey: Uint8Array): unknown {
  return { type: 'tendermint/PubKeyEd25519', value: toBase64(publicKey) }
}

function privateKeyJson(seed: Uint8Array): unknown {
  return { type: 'tendermint/PrivKeyEd25519', value: toBase64(concat(seed, ed25519PublicKey(seed))) }
}

/** The genesis of CometBFT. It must be the same to the byte on every node: headers commit to its parameters. */
function genesisJson(genesis: Genesis): unknown {
  const { ledgerId, timeMs } = genesis
  const network = networkOf(genesis)
  return {
    genesis_time: new Date(timeMs).toISOString(),
    chain_id: chainIdOf(ledgerId),
    initial_height: '1',
    consensus_params: {
      block: { max_bytes: String(BLOCK_BYTES_MAX), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: '1000000',
        max_age_duration: String(BigInt(network.trustingPeriodMs) * 1_000_000n),
        max_bytes: '1048576',
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '1' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: network.validators.map(({ memberId, publicKey }) => ({
      address: toHex(cometAddress(publicKey)).toUpperCase(),
      pub_key: publicKeyJson(publicKey),
      power: String(VALIDATOR_POWER),
      name: memberId,
    })),
    app_hash: '',
  }
}

/**
 * What differs from CometBFT's defaults. No index: the application finds what its clients wait for. No empty blocks,
 * save the one that proves the last and one in {@link IDLE_BLOCK_MS}.
 */
function configToml(options: HomeOptions): string {
  const { genesis, sockets, listen, externalAddress, peers, stateSync } = options
  const { trustingPeriodMs } = networkOf(genesis)
  const text = (value: string): string => JSON.stringify(value)
  return `proxy_app = ${text(`unix://${sockets.abci}`)}
moniker = ${text(nodeId(ed25519PublicKey(options.consensusKey)))}
log_level = "error"
log_format = "json"

[rpc]
laddr = ${text(`unix://${sockets.rpc}`)}
max_body_bytes = 4194304
max_request_batch_size = 1024

[p2p]
laddr = ${text(listen)}
external_address = ${text(externalAddress ?? '')}
persistent_peers = ${text(peers.join(','))}
addr_book_strict = false
allow_duplicate_ip = true
flush_throttle_timeout = "10ms"
send_rate = 51200000
recv_rate = 51200000
persistent_peers_max_dial_period = "2s"

[mempool]
recheck = false
size = 50000
max_txs_bytes = 67108864
cache_size = 100000
max_tx_bytes = 65536

[statesync]
enable = ${stateSync !== null}
rpc_servers = ${text((stateSync?.servers ?? []).join(','))}
trust_height = ${stateSync?.height ?? 0}
trust_hash = ${text(toHex(stateSync?.hash ?? new Uint8Array(0)).toUpperCase())}
trust_period = "${trustingPeriodMs}ms"
discovery_time = "5s"
chunk_request_timeout = "10s"

[consensus]
timeout_propose = "1s"
timeout_propose_delta = "500ms"
timeout_prevote = "500ms"
timeout_prevote_delta = "250ms"
timeout_precommit = "500ms"
timeout_precommit_delta = "250ms"
timeout_commit = "100ms"
skip_timeout_commit = true
create_empty_blocks = false
block_time_tolerance = "${CLOCK_BEHIND_MS_MAX}ms"
create_empty_blocks_interval = "${Math.min(IDLE_BLOCK_MS, Math.floor(trustingPeriodMs / 4))}ms"
peer_gossip_sleep_duration = "10ms"

[storage]
discard_abci_responses = true

[tx_index]
indexer = "null"
`
}

/** `/ledger`: what anybody may see of the ledger, and the evidence by which anybody can check it. */
import { checkpointOrigin, type Genesis, SalusError, toBase64url, toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { stateProofFile, withoutWitnesses, writeProofFile } from '@salus/proof'
import { z } from 'zod'
import { base64url, type Operation, operationsOf, Raw } from '../operation.ts'

export interface LedgerApiParts {
  readonly ledger: Ledger
  readonly genesis: Genesis
  readonly genesisText: string
  /** Answers a call for light blocks (JSON-RPC, parsed); null where the engine has none. */
  readonly lightCall: ((call: unknown) => Promise<unknown>) | null
}

const operation = operationsOf<LedgerApiParts, undefined>()

/** A tile never changes; neither does a partial one, whose path names its width. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

const status = operation({
  method: 'GET',
  path: '/status',
  summary: 'Height, sizes and roots of this replica, and how far it lags behind',
  handle: ({ ledger, genesis }) => {
    const now = ledger.status()
    return {
      engine: now.engine,
      ledger: toHex(now.ledgerId),
      origin: checkpointOrigin(genesis),
      height: now.height,
      time: new Date(now.timeMs).toISOString(),
      lagMs: now.lagMs,
      protocol: now.protocol,
      logSize: now.logSize,
      logRoot: toHex(now.logRoot),
      stateRoot: toHex(now.stateRoot),
      stateKeys: now.stateKeys,
    }
  },
})

const genesis = operation({
  method: 'GET',
  path: '/genesis',
  summary: 'The genesis file. Verifiers must get it from somebody they trust, not from here',
  handle: ({ genesisText }) => new Raw('application/json', genesisText),
})

const checkpoint = operation({
  method: 'GET',
  path: '/checkpoint',
  summary: 'The latest checkpoint, a C2SP signed note',
  handle: ({ ledger }) => new Raw('text/plain; charset=utf-8', ledger.checkpoint(), 'no-cache'),
})

const tile = operation({
  method: 'GET',
  path: '/tile/*',
  summary: 'The log as C2SP tlog-tiles: hash tiles and entry bundles',
  params: z.object({ '*': z.string().max(200) }),
  handle: ({ ledger }, { params }) => {
    const content = ledger.tile(params['*'])
    if (content === undefined) throw new SalusError('tile-unknown', 'the log has no such tile')
    return new Raw('application/octet-stream', content, IMMUTABLE)
  },
})

const light = operation({
  method: 'POST',
  path: '/light',
  summary: 'Light blocks, by which a joining member’s CometBFT trusts a snapshot: its JSON-RPC, reading calls alone',
  body: z.looseObject({ method: z.string().max(64) }),
  handle: ({ lightCall }, { body }) => {
    if (lightCall === null) throw new SalusError('not-found', 'this ledger has no light blocks')
    return lightCall(body)
  },
})

const proveState = operation({
  method: 'GET',
  path: '/proof/state/:key',
  summary: 'A proof file for the presence or absence of one state key (base64url)',
  params: z.object({ key: base64url(512) }),
  handle: async ({ ledger, genesis }, { params }) => {
    const proof = await ledger.proveState(params.key)
    const bare = { ...proof, checkpoint: withoutWitnesses(proof.checkpoint, genesis) }
    return new Raw('application/json', writeProofFile(stateProofFile(bare)))
  },
})

const proveEntry = operation({
  method: 'GET',
  path: '/proof/entry/:index',
  summary: 'The log entry at an index with its audit path and the checkpoint',
  params: z.object({ index: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
  handle: async ({ ledger }, { params }) => {
    const { index } = params
    if (index >= ledger.status().logSize) throw new SalusError('not-found', 'the log has no entry at this index')
    const proof = await ledger.proveEntry(index)
    return {
      index,
      entry: toBase64url(proof.entry),
      path: proof.path.map(toHex),
      checkpoint: proof.checkpoint,
    }
  },
})

export const LEDGER_OPERATIONS: readonly Operation<LedgerApiParts, undefined>[] = [
  status,
  genesis,
  checkpoint,
  tile,
  light,
  proveState,
  proveEntry,
]

/**
 * Making the ledger of a snapshot in an empty folder, chunk by chunk. Nothing in a snapshot is believed: chunks must
 * have the hashes of the manifest, log and state must have its roots, what else the manifest says must follow from
 * both, and the roots must give the app hash that consensus knows for that height.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  appHash,
  decode,
  equalBytes,
  isSalusError,
  LogEntry,
  parseTransaction,
  readGenesis,
  SalusError,
  sha256,
  verifySignature,
} from '@salus/core'
import { isAdmitted } from '../apply-block.ts'
import { IdSet } from '../id-set.ts'
import { splitEntries } from '../log/entry-bundle.ts'
import { LogStore } from '../log/log-store.ts'
import { MerkleLog } from '../log/merkle-log.ts'
import { TILE_WIDTH } from '../log/tile-path.ts'
import { type ExecutedId, encodeIds, ReplaySet } from '../replay-set.ts'
import { AuthenticatedState, type HashedWrite } from '../state/state.ts'
import { Store } from '../store.ts'
import { CHUNK_BYTES, readManifest, type SnapshotManifest } from './manifest.ts'
import { isBeforeTail } from './take.ts'

/** What consensus knows of the snapshot's block; `timeMs` is null where it knows no time, as CometBFT's light client. */
export interface TrustedBlock {
  readonly height: number
  readonly timeMs: number | null
  readonly appHash: Uint8Array
}

/**
 * Restores the snapshot in `folder` (take.ts) into the empty folder `directory`.
 * @throws SalusError `snapshot-refused`, `genesis-malformed`, `store-*`
 */
export function restoreSnapshot(directory: string, genesis: string, trusted: TrustedBlock, folder: string): void {
  const manifest = readManifest(readFileSync(join(folder, 'manifest')))
  const restore = new SnapshotRestore(directory, genesis, trusted, manifest)
  try {
    for (let i = 0; i < restore.chunkCount; i++) restore.apply(readFileSync(join(folder, String(i))))
    restore.finish()
  } finally {
    restore.close()
  }
}

/** One restore, chunk by chunk. After a throw, or without {@link finish}, the folder holds no ledger: empty it. */
export class SnapshotRestore {
  readonly #manifest: SnapshotManifest
  readonly #ledgerId: Uint8Array
  readonly #store: Store
  readonly #log: LogStore
  readonly #state: AuthenticatedState
  readonly #executed = new IdSet()
  readonly #replays: Uint8Array[] = []
  #next = 0
  /** Index of the first entry of the snapshot's block, as the entries tell it. */
  #firstIndex: number | null = null

  /** @throws SalusError `snapshot-refused`, `genesis-malformed`, `store-*` */
  constructor(directory: string, genesis: string, trusted: TrustedBlock, manifest: SnapshotManifest) {
    checkManifest(manifest, trusted)
    this.#manifest = manifest
    this.#ledgerId = readGenesis(genesis).ledgerId
    const store = new Store(directory, this.#ledgerId)
    this.#store = store
    try {
      check(store.lastBlock() === undefined, 'the folder holds a ledger')
      store.transaction(() => LogStore.writeEdges(store, manifest.tailStart, manifest.edges))
      this.#log = new LogStore(store, manifest.tailStart)
      this.#state = new AuthenticatedState(store)
      check(this.#state.size === 0, 'the folder holds a state')
    } catch (error) {
      store.close()
      throw error
    }
  }

  get chunkCount(): number {
    return this.#manifest.logChunks.length + this.#manifest.stateChunks.length
  }

  /** True when `chunk` is the one that comes next; where it is not, somebody else may have it. */
  accepts(chunk: Uint8Array): boolean {
    const { logChunks, stateChunks } = this.#manifest
    const hash = logChunks[this.#next] ?? stateChunks[this.#next - logChunks.length]
    return hash !== undefined && chunk.length < 2 * CHUNK_BYTES && equalBytes(sha256(chunk), hash)
  }

  /** Takes in the next chunk. @throws SalusError `snapshot-refused` */
  apply(chunk: Uint8Array): void {
    check(this.accepts(chunk), 'a chunk is not that of the manifest')
    const isLog = this.#next++ < this.#manifest.logChunks.length
    refuseFaults(() => this.#store.transaction(() => (isLog ? this.#applyLog(chunk) : this.#applyState(chunk))))
  }

  /** Compares what the chunks gave with the manifest, and makes it a ledger. @throws SalusError `snapshot-refused` */
  finish(): void {
    const { height, logSize, logRoot, stateRoot, stateKeys, firstIndex } = this.#manifest
    check(this.#next === this.chunkCount, 'a chunk is missing')
    check(this.#log.size === logSize && equalBytes(this.#log.root(), logRoot), 'the log has another root')
    check((this.#firstIndex ?? logSize) === firstIndex, 'the block begins at another entry')
    check(equalBytes(this.#state.root(), stateRoot) && this.#state.size === stateKeys, 'the state has another root')
    this.#store.transaction(() => {
      this.#state.finishParts(height)
      ReplaySet.restore(this.#store, height, this.#replays)
      this.#store.insertBlock(this.#manifest)
    })
  }

  close(): void {
    this.#store.close()
  }

  #applyLog(chunk: Uint8Array): void {
    const { tailStart, timeMs, height } = this.#manifest
    const entries = splitEntries(chunk)
    const executed: ExecutedId[] = []
    entries.forEach((entry, i) => {
      const index = this.#log.size + i
      const logged = decode(LogEntry, entry)
      check(logged.height <= height && logged.timeMs <= timeMs, 'an entry is of a later block')
      check(index > tailStart || tailStart === 0 || isBeforeTail(entry, timeMs), 'the tail of the log is too short')
      if (logged.height === height) {
        check(logged.timeMs === timeMs, 'the block has another time')
        this.#firstIndex ??= index
      }
      const id = executedId(logged, this.#ledgerId)
      if (id && this.#executed.add(id.id)) executed.push(id)
    })
    this.#log.stage(entries)
    this.#log.write()
    this.#replays.push(encodeIds(executed))
  }

  #applyState(chunk: Uint8Array): void {
    this.#state.stage(parseLeaves(chunk))
    this.#state.writePart(this.#manifest.height)
  }
}

function check(condition: boolean, why: string): asserts condition {
  if (!condition) throw new SalusError('snapshot-refused', `the snapshot is refused: ${why}`)
}

/** What goes wrong with content that somebody else made is a refusal. */
function refuseFaults(work: () => void): void {
  try {
    work()
  } catch (cause) {
    if (isSalusError(cause, 'snapshot-refused')) throw cause
    throw new SalusError('snapshot-refused', 'the snapshot cannot be restored', {}, cause)
  }
}

function checkManifest(manifest: SnapshotManifest, trusted: TrustedBlock): void {
  const { height, timeMs, tailStart, logSize, edges } = manifest
  const isTrusted = height === trusted.height && timeMs === (trusted.timeMs ?? timeMs)
  check(isTrusted && equalBytes(appHash(manifest), trusted.appHash), 'it is not of the trusted block')
  check(tailStart % TILE_WIDTH === 0 && tailStart <= logSize, 'the tail of the log has another length')
  check(tailStart === 0 || tailStart < logSize, 'the tail of the log is too short')
  const counts = MerkleLog.edgeCounts(tailStart).slice(1)
  const fits = edges.length === counts.length && edges.every((edge, i) => edge.length === 32 * (counts[i] as number))
  check(fits, 'the edge of the log has another form')
}

/** The id of a logged transaction where it was executed in its block, so that it must not come again. */
function executedId({ transaction: wire, timeMs, code }: LogEntry, ledgerId: Uint8Array): ExecutedId | null {
  try {
    const { id, body, signature } = parseTransaction(wire)
    // A command may refuse with this code as well; only the signature itself tells.
    if (code === 'signature-invalid' && !verifySignature(body.signer, id, signature)) return null
    return isAdmitted(ledgerId, body, timeMs) ? { id, expiresAtMs: body.expiresAtMs } : null
  } catch (error) {
    if (!isSalusError(error)) throw error
    return null
  }
}

function* parseLeaves(chunk: Uint8Array): Generator<HashedWrite> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  for (let at = 0; at < chunk.length; ) {
    check(at + 36 <= chunk.length, 'a leaf is cut short')
    const end = at + 36 + view.getUint32(at + 32)
    check(end <= chunk.length, 'a leaf is cut short')
    yield { keyHash: chunk.slice(at, at + 32), value: chunk.subarray(at + 36, end) }
    at = end
  }
}

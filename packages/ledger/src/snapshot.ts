/**
 * Snapshots of a ledger at one height, for a replica that joins without replaying all blocks. A snapshot is a manifest
 * and chunks, the same bytes on every replica:
 * - the log's tail: entries back to the last multiple of 256 before which no transaction can come again, because all
 *   of them expired; they rebuild the replay set. The right edge of the tiles before them makes the log root checkable;
 * - the state, in the order of key hashes: key hash (32 bytes), length of the value (4 bytes, big-endian), value.
 *
 * Nothing in a snapshot is believed: chunks must have the hashes of the manifest, log and state must have its roots,
 * and the roots must give the app hash that consensus knows for that height.
 */
import {
  array,
  bytes,
  concat,
  decode,
  equalBytes,
  type Infer,
  isSalusError,
  LogEntry,
  parseTransaction,
  readGenesis,
  SalusError,
  sha256,
  struct,
  TRANSACTION_LIFETIME_MS_MAX,
  uint,
  verifySignature,
} from '@salus/core'
import { isAdmitted } from './apply-block.ts'
import { type Application, appHash } from './engine/application.ts'
import { joinEntries, LogStore, splitEntries } from './log/log-store.ts'
import { MerkleLog } from './log/merkle-log.ts'
import { TILE_WIDTH } from './log/tile-path.ts'
import { ReplaySet } from './replay-set.ts'
import { AuthenticatedState, type HashedWrite } from './state/state.ts'
import { Store } from './store.ts'

/** A chunk is closed when it has this many bytes; with its last record it stays far below 16 MB. */
const CHUNK_BYTES = 4 * 1024 * 1024
const CHUNKS_MAX = 100_000

const Hash = bytes(32)

/** `tailStart` is the index of the first entry in the tail; `edges` the partial tiles before it, by level from 1. */
export const SnapshotManifest = struct({
  height: uint(),
  timeMs: uint(),
  protocol: uint(),
  firstIndex: uint(),
  logSize: uint(),
  logRoot: Hash,
  stateRoot: Hash,
  stateKeys: uint(),
  tailStart: uint(),
  edges: array(bytes(0, 255 * 32), 0, 6),
  logChunks: array(Hash, 0, CHUNKS_MAX),
  stateChunks: array(Hash, 0, CHUNKS_MAX),
})
export type SnapshotManifest = Infer<typeof SnapshotManifest>

/** Takes a snapshot of the last commit. `keep` gets the chunks, those of the log first, in the manifest's order. */
export function takeSnapshot(application: Application, keep: (chunk: Uint8Array) => void): SnapshotManifest {
  const { head } = application
  const tailStart = findTailStart(application)
  const log = new ChunkWriter(keep)
  for (let index = tailStart; index < head.logSize; index++) log.add(joinEntries([application.entry(index)]))
  const logChunks = log.end()
  const state = new ChunkWriter(keep)
  application.visitState(({ keyHash, value }) => state.add(concat(keyHash, uint32(value.length), value)))
  const edges = readEdges(application, tailStart)
  return { ...head, tailStart, edges, logChunks, stateChunks: state.end() }
}

/**
 * Makes the ledger of a snapshot in an empty folder. `trusted` is what consensus knows of its height. After a throw
 * the folder holds no ledger and must be emptied.
 * @throws SalusError `snapshot-refused`
 */
export function restoreSnapshot(
  directory: string,
  genesis: string,
  trusted: { readonly height: number; readonly timeMs: number; readonly appHash: Uint8Array },
  manifest: SnapshotManifest,
  chunks: Iterable<Uint8Array>,
): void {
  const { ledgerId } = readGenesis(genesis)
  const isTrusted = manifest.height === trusted.height && manifest.timeMs === trusted.timeMs
  check(isTrusted && equalBytes(appHash(manifest), trusted.appHash), 'it is not of the trusted block')
  const store = new Store(directory, ledgerId)
  try {
    check(store.lastBlock() === undefined, 'the folder holds a ledger')
    const source = new ChunkReader(chunks)
    const entries = manifest.logChunks.flatMap((hash) => splitEntries(source.next(hash)))
    restoreState(store, manifest, source)
    store.transaction(() => {
      restoreLog(store, manifest, entries)
      store.insertBlock(manifest)
      const replays = replaysOf(entries, ledgerId)
      new ReplaySet().write(store, manifest.height, manifest.timeMs, replays)
    })
  } catch (cause) {
    if (isSalusError(cause, 'snapshot-refused')) throw cause
    throw new SalusError('snapshot-refused', 'the snapshot cannot be restored', {}, cause)
  } finally {
    store.close()
  }
}

function check(condition: boolean, why: string): asserts condition {
  if (!condition) throw new SalusError('snapshot-refused', `the snapshot is refused: ${why}`)
}

function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

class ChunkWriter {
  readonly #keep: (chunk: Uint8Array) => void
  readonly #hashes: Uint8Array[] = []
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(keep: (chunk: Uint8Array) => void) {
    this.#keep = keep
  }

  add(record: Uint8Array): void {
    this.#parts.push(record)
    this.#bytes += record.length
    if (this.#bytes >= CHUNK_BYTES) this.#close()
  }

  end(): readonly Uint8Array[] {
    if (this.#bytes > 0) this.#close()
    return this.#hashes
  }

  #close(): void {
    const chunk = concat(...this.#parts)
    this.#hashes.push(sha256(chunk))
    this.#keep(chunk)
    this.#parts = []
    this.#bytes = 0
  }
}

class ChunkReader {
  readonly #chunks: Iterator<Uint8Array>

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]()
  }

  next(hash: Uint8Array): Uint8Array {
    const { value, done } = this.#chunks.next()
    check(!done, 'a chunk is missing')
    check(value.length < 2 * CHUNK_BYTES && equalBytes(sha256(value), hash), 'a chunk is not that of the manifest')
    return value
  }
}

/** The last multiple of 256 whose entry is so old that all transactions before it expired; else 0. */
function findTailStart(application: Application): number {
  const { logSize, timeMs } = application.head
  for (let at = logSize - (logSize % TILE_WIDTH); at > 0; at -= TILE_WIDTH) {
    if (at < logSize && isBeforeTail(application.entry(at), timeMs)) return at
  }
  return 0
}

function isBeforeTail(entry: Uint8Array, headTimeMs: number): boolean {
  return decode(LogEntry, entry).timeMs + TRANSACTION_LIFETIME_MS_MAX <= headTimeMs
}

function readEdges(application: Application, size: number): Uint8Array[] {
  const edges: Uint8Array[] = []
  let level = 1
  for (let count = Math.floor(size / TILE_WIDTH); count > 0; count = Math.floor(count / TILE_WIDTH)) {
    edges.push(application.edge(level++, Math.floor(count / TILE_WIDTH), count % TILE_WIDTH))
  }
  return edges
}

function restoreLog(store: Store, manifest: SnapshotManifest, entries: readonly Uint8Array[]): void {
  const { tailStart, edges, logSize, logRoot, timeMs } = manifest
  check(
    tailStart % TILE_WIDTH === 0 && tailStart + entries.length === logSize,
    'the tail of the log has another length',
  )
  const [first] = entries
  check(tailStart === 0 || (first !== undefined && isBeforeTail(first, timeMs)), 'the tail of the log is too short')
  const counts = MerkleLog.edgeCounts(tailStart)
  const fits =
    edges.length === Math.max(0, counts.length - 1) && edges.every((e, i) => e.length === 32 * (counts[i + 1] ?? 0))
  check(fits, 'the edge of the log has another form')
  LogStore.writeEdges(store, tailStart, edges)
  const log = new LogStore(store, tailStart)
  log.stage(entries)
  check(equalBytes(log.root(), logRoot), 'the log has another root')
  log.write()
}

function restoreState(store: Store, manifest: SnapshotManifest, source: ChunkReader): void {
  const state = new AuthenticatedState(store)
  check(state.size === 0, 'the folder holds a state')
  for (const hash of manifest.stateChunks) {
    state.stage(parseLeaves(source.next(hash)))
    store.transaction(() => state.write(manifest.height))
  }
  const isSame = equalBytes(state.root(), manifest.stateRoot) && state.size === manifest.stateKeys
  check(isSame, 'the state has another root')
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

/** The ids that were executed in the entries of the tail. */
function replaysOf(entries: readonly Uint8Array[], ledgerId: Uint8Array): { id: Uint8Array; expiresAtMs: number }[] {
  const executed = new Map<string, { id: Uint8Array; expiresAtMs: number }>()
  for (const entry of entries) {
    const { transaction: wire, timeMs, code } = decode(LogEntry, entry)
    try {
      const { id, body, signature } = parseTransaction(wire)
      // A command may refuse with this code as well; only the signature itself tells.
      if (code === 'signature-invalid' && !verifySignature(body.signer, id, signature)) continue
      if (isAdmitted(ledgerId, body, timeMs)) executed.set(id.toString(), { id, expiresAtMs: body.expiresAtMs })
    } catch (error) {
      if (!isSalusError(error)) throw error
    }
  }
  return [...executed.values()]
}

/**
 * Taking a snapshot: in a thread of its own, from one view of the ledger's file (a read transaction), while blocks go
 * on being written. The snapshot is a folder with a file `manifest` and the chunks in files `0`, `1` and so on.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  concat,
  decode,
  encode,
  LogEntry,
  readGenesis,
  SalusError,
  sha256,
  TRANSACTION_LIFETIME_MS_MAX,
} from '@salus/core'
import { joinEntries } from '../log/entry-bundle.ts'
import { LogStore } from '../log/log-store.ts'
import { MerkleLog } from '../log/merkle-log.ts'
import { TILE_WIDTH } from '../log/tile-path.ts'
import { storedLeaves } from '../state/stored-state.ts'
import { type BlockRow, Store } from '../store.ts'
import { CHUNK_BYTES, readManifest, SnapshotManifest } from './manifest.ts'

/** What the thread is told. */
export interface SnapshotJob {
  readonly directory: string
  readonly ledgerId: Uint8Array
  readonly folder: string
}

/**
 * Takes a snapshot of the last commit of the ledger in `directory` into `folder`, which appears when the snapshot is
 * whole. The calling thread goes on meanwhile, and so may the ledger's writer; from the call of `held` on, new commits
 * are not part of the snapshot.
 * @throws SalusError `snapshot-failed`
 */
export function takeSnapshot(
  directory: string,
  genesis: string,
  folder: string,
  held: () => void = () => {},
): Promise<SnapshotManifest> {
  const workerData: SnapshotJob = { directory, ledgerId: readGenesis(genesis).ledgerId, folder }
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./take-worker.ts', import.meta.url), { workerData })
    worker.once('message', held)
    worker.once('error', (cause) => {
      reject(new SalusError('snapshot-failed', 'the snapshot could not be taken', {}, cause))
    })
    worker.once('exit', (code) => {
      if (code === 0) resolve(readManifest(readFileSync(join(folder, 'manifest'))))
    })
  })
}

/** The work of the thread; calls `held` when the next block may be committed. */
export function writeSnapshot({ directory, ledgerId, folder }: SnapshotJob, held: () => void): void {
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  const store = new Store(directory, ledgerId, 'read')
  try {
    const head = store.lastBlock()
    if (!head) throw new SalusError('store-corrupt', 'the ledger has no block')
    held()
    writeFileSync(join(part, 'manifest'), encode(SnapshotManifest, writeChunks(store, head, part)))
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    throw error
  } finally {
    store.close()
  }
}

function writeChunks(store: Store, head: BlockRow, folder: string): SnapshotManifest {
  const log = new LogStore(store, head.logSize)
  const tailStart = findTailStart(log, head)
  const chunks = new ChunkWriter(folder)
  for (let from = tailStart; from < head.logSize; from += TILE_WIDTH) {
    const entries = log.entries(from, Math.min(from + TILE_WIDTH, head.logSize))
    for (const entry of entries) chunks.add(joinEntries([entry]))
  }
  const logChunks = chunks.takeHashes()
  for (const { keyHash, value } of storedLeaves(store)) chunks.add(concat(keyHash, uint32(value.length), value))
  const edges = MerkleLog.edgeCounts(tailStart)
    .slice(1)
    .map((count, i) => log.hashes(i + 1, Math.floor(tailStart / TILE_WIDTH ** (i + 2)), count))
  return { ...head, tailStart, edges, logChunks, stateChunks: chunks.takeHashes() }
}

/** The last multiple of 256 whose entry is so old that all transactions before it expired; else 0. */
function findTailStart(log: LogStore, { logSize, timeMs }: BlockRow): number {
  for (let at = logSize - (logSize % TILE_WIDTH); at > 0; at -= TILE_WIDTH) {
    if (at < logSize && isBeforeTail(log.entries(at, at + 1)[0] as Uint8Array, timeMs)) return at
  }
  return 0
}

/** True when all transactions before this entry have expired at that time. */
export function isBeforeTail(entry: Uint8Array, headTimeMs: number): boolean {
  return decode(LogEntry, entry).timeMs + TRANSACTION_LIFETIME_MS_MAX <= headTimeMs
}

function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

class ChunkWriter {
  readonly #folder: string
  #count = 0
  #hashes: Uint8Array[] = []
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  add(record: Uint8Array): void {
    this.#parts.push(record)
    this.#bytes += record.length
    if (this.#bytes >= CHUNK_BYTES) this.#close()
  }

  /** Ends the chunk in work; returns the hashes of the chunks since the last call. */
  takeHashes(): readonly Uint8Array[] {
    if (this.#bytes > 0) this.#close()
    const hashes = this.#hashes
    this.#hashes = []
    return hashes
  }

  #close(): void {
    const chunk = concat(...this.#parts)
    this.#hashes.push(sha256(chunk))
    writeFileSync(join(this.#folder, String(this.#count++)), chunk)
    this.#parts = []
    this.#bytes = 0
  }
}

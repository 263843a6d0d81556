/**
 * Snapshots for members that join (ABCI's state sync): taken every so many blocks, at the same heights and with the
 * same bytes on every node; offered to CometBFT with the manifest as metadata; and restored from what its peers send,
 * none of which is believed (../../snapshot). The app hash, which is all that CometBFT knows of a snapshot, does not
 * cover the time of its block; the block's log entries do, so only blocks that have some are taken and accepted.
 * CometBFT may throw away blocks that are older than all snapshots.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, isSalusError, SalusError, sha256 } from '@salus/core'
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offered,
  type RequestApplySnapshotChunk,
  type RequestLoadSnapshotChunk,
  type RequestOfferSnapshot,
  Response,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types'
import type { CommittedBlock } from '../../ledger.ts'
import { readManifest, SNAPSHOT_FORMAT, type SnapshotManifest } from '../../snapshot/manifest.ts'
import { SnapshotRestore } from '../../snapshot/restore.ts'
import { takeSnapshot } from '../../snapshot/take.ts'
import type { Replica } from './replica.ts'

/** Snapshots kept: peers may still be reading the one before the newest. */
const KEPT = 2

export interface SnapshotOptions {
  readonly replica: Replica
  readonly genesis: string
  /** A snapshot is taken of the first block with transactions from every multiple of this height on. */
  readonly everyBlocks: number
  /** CometBFT keeps at least this many blocks. */
  readonly retainBlocks: number
  readonly onFault: (error: unknown) => void
}

export class SnapshotExchange {
  readonly #options: SnapshotOptions
  readonly #folder: string
  /** Heights of the snapshots that are there, lowest first. */
  #heights: number[]
  #taking: Promise<void> | null = null
  #restore: SnapshotRestore | null = null

  constructor(options: SnapshotOptions) {
    this.#options = options
    this.#folder = join(options.replica.directory, 'snapshots')
    mkdirSync(this.#folder, { recursive: true })
    this.#heights = readdirSync(this.#folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b)
  }

  /** True when a snapshot of the block is to be taken, which was committed last. */
  isDue({ height, entries }: CommittedBlock): boolean {
    const { everyBlocks } = this.#options
    const round = (at: number): number => Math.floor(at / everyBlocks)
    return this.#taking === null && entries.length > 0 && round(height) > round(this.#heights.at(-1) ?? 0)
  }

  /** Begins a snapshot of the last commit; resolves when the next block may be committed. */
  take(height: number): Promise<void> {
    const { replica, genesis, onFault } = this.#options
    return new Promise((resolve) => {
      this.#taking = takeSnapshot(replica.directory, genesis, this.#pathOf(height), resolve)
        .then(() => this.#add(height), onFault)
        .finally(() => {
          this.#taking = null
          resolve()
        })
    })
  }

  /** The lowest height that CometBFT must keep; 0 for all. */
  retainHeight(): number {
    const oldest = this.#heights[0]
    const { replica, retainBlocks } = this.#options
    if (oldest === undefined) return 0
    return Math.max(0, Math.min(oldest, replica.application.head.height - retainBlocks))
  }

  list(): Response {
    return Response.fromPartial({ listSnapshots: { snapshots: this.#heights.map((height) => this.#describe(height)) } })
  }

  load({ height, format, chunk }: RequestLoadSnapshotChunk): Response {
    const path = join(this.#pathOf(Number(height)), String(chunk))
    const isThere = format === SNAPSHOT_FORMAT && this.#heights.includes(Number(height)) && existsSync(path)
    return { loadSnapshotChunk: { chunk: isThere ? readFileSync(path) : new Uint8Array(0) } }
  }

  /** Begins to restore a snapshot if it says of itself what the light client knows of its height. */
  offer({ snapshot, appHash: trusted }: RequestOfferSnapshot): Response {
    const answer = (result: Offered): Response => Response.fromPartial({ offerSnapshot: { result } })
    if (this.#options.replica.application.head.height > 0 || snapshot === undefined) return answer(Offered.ABORT)
    if (snapshot.format !== SNAPSHOT_FORMAT) return answer(Offered.REJECT_FORMAT)
    try {
      this.#restore = this.#begin(snapshot, trusted)
      return answer(Offered.ACCEPT)
    } catch (error) {
      if (!isSalusError(error, 'snapshot-refused')) throw error
      return answer(Offered.REJECT)
    }
  }

  /** Takes the next chunk; with the last one the replica becomes that of the snapshot. */
  apply({ index, chunk, sender }: RequestApplySnapshotChunk): Response {
    const restore = this.#restore
    if (restore === null) return applied(Applied.ABORT)
    if (!restore.accepts(chunk)) return applied(Applied.RETRY, { refetchChunks: [index], rejectSenders: [sender] })
    try {
      restore.apply(chunk)
      if (index + 1 === restore.chunkCount) this.#finish(restore)
      return applied(Applied.ACCEPT)
    } catch (error) {
      if (!isSalusError(error, 'snapshot-refused')) throw error
      this.#clearRestored()
      return applied(Applied.REJECT_SNAPSHOT)
    }
  }

  /** Waits for a snapshot that is being taken. */
  async close(): Promise<void> {
    this.#restore?.close()
    await this.#taking
  }

  /** @throws SalusError `snapshot-refused` */
  #begin(snapshot: Snapshot, appHash: Uint8Array): SnapshotRestore {
    const { genesis } = this.#options
    const manifest = readManifest(snapshot.metadata)
    const isAsSaid =
      equalBytes(sha256(snapshot.metadata), snapshot.hash) &&
      snapshot.chunks === chunksOf(manifest) &&
      manifest.firstIndex < manifest.logSize
    if (!isAsSaid) throw new SalusError('snapshot-refused', 'the snapshot is refused: it is not what it says')
    this.#clearRestored()
    mkdirSync(this.#restoredPath, { recursive: true })
    const trusted = { height: Number(snapshot.height), timeMs: null, appHash }
    return new SnapshotRestore(this.#restoredPath, genesis, trusted, manifest)
  }

  #finish(restore: SnapshotRestore): void {
    restore.finish()
    restore.close()
    this.#restore = null
    this.#options.replica.replace(this.#restoredPath)
    this.#clearRestored()
  }

  get #restoredPath(): string {
    return join(this.#options.replica.directory, 'restoring')
  }

  #clearRestored(): void {
    this.#restore?.close()
    this.#restore = null
    rmSync(this.#restoredPath, { recursive: true, force: true })
  }

  #pathOf(height: number): string {
    return join(this.#folder, String(height))
  }

  #add(height: number): void {
    this.#heights = [...this.#heights.filter((each) => each !== height), height].sort((a, b) => a - b)
    const old = this.#heights.slice(0, -KEPT)
    this.#heights = this.#heights.slice(-KEPT)
    for (const each of old) rmSync(this.#pathOf(each), { recursive: true, force: true })
  }

  #describe(height: number): Snapshot {
    const metadata = new Uint8Array(readFileSync(join(this.#pathOf(height), 'manifest')))
    const chunks = chunksOf(readManifest(metadata))
    return { height: BigInt(height), format: SNAPSHOT_FORMAT, chunks, hash: sha256(metadata), metadata }
  }
}

function chunksOf({ logChunks, stateChunks }: SnapshotManifest): number {
  return logChunks.length + stateChunks.length
}

function applied(result: Applied, more: { refetchChunks?: number[]; rejectSenders?: string[] } = {}): Response {
  return Response.fromPartial({ applySnapshotChunk: { result, ...more } })
}

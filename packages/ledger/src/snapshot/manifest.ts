/**
 * Snapshots of a ledger at one height, for a replica that joins without replaying all blocks. A snapshot is a manifest
 * and chunks, the same bytes on every replica:
 * - the log's tail: entries back to the last multiple of 256 before which no transaction can come again, because all
 *   of them expired; they rebuild the replay set. The right edge of the tiles before them makes the log root checkable;
 * - the state, in the order of key hashes: key hash (32 bytes), length of the value (4 bytes, big-endian), value.
 *
 * In ABCI 2.0 the manifest is the snapshot's metadata and its SHA-256 the snapshot's hash.
 */
import { array, bytes, decode, type Infer, SalusError, struct, uint } from '@salus/core'

/** Version of this form of snapshots. */
export const SNAPSHOT_FORMAT = 1
/** A chunk is closed when it has this many bytes; with its last record it stays far below 16 MB. */
export const CHUNK_BYTES: number = 4 * 1024 * 1024
const CHUNKS_MAX = 100_000
const HASH = bytes(32)

/** `tailStart` is the index of the first entry in the tail; `edges` the partial tiles before it, by level from 1. */
export const SnapshotManifest = struct({
  height: uint(),
  timeMs: uint(),
  protocol: uint(),
  firstIndex: uint(),
  logSize: uint(),
  logRoot: HASH,
  stateRoot: HASH,
  stateKeys: uint(),
  tailStart: uint(),
  edges: array(bytes(0, 255 * 32), 0, 6),
  logChunks: array(HASH, 0, CHUNKS_MAX),
  stateChunks: array(HASH, 0, CHUNKS_MAX),
})
export type SnapshotManifest = Infer<typeof SnapshotManifest>

/** The manifest of these bytes. @throws SalusError `snapshot-refused` */
export function readManifest(encoded: Uint8Array): SnapshotManifest {
  try {
    return decode(SnapshotManifest, encoded)
  } catch (cause) {
    throw new SalusError('snapshot-refused', 'the snapshot is refused: its manifest is none', {}, cause)
  }
}

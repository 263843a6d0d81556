/**
 * Checkpoints as C2SP signed notes (c2sp.org/tlog-checkpoint, c2sp.org/signed-note; docs/spec/checkpoint.md). The text
 * stands here so that the ledger signs exactly what a verifier spells out again. The key's name is the origin.
 */
import { concat, toBase64, utf8 } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { ed25519PublicKey, ed25519Sign } from '../keys.ts'
import { type CommitEvidence, encodeCommitEvidence } from './commit-evidence.ts'

/** What the ledger was at `height`: the log's size and root, the state's root, block time and protocol version. */
export interface Checkpoint {
  readonly origin: string
  readonly logSize: number
  readonly logRoot: Uint8Array
  readonly stateRoot: Uint8Array
  readonly height: number
  readonly timeMs: number
  readonly protocol: number
}

/** The signature type of Ed25519 in a signed note. */
const ED25519_NOTE = Uint8Array.of(0x0a, 0x01)
/** A signature type that the signed note leaves to its users, who name it by what follows. */
const COMMIT_NOTE = concat(Uint8Array.of(0x0a, 0xff), utf8('salus/cometbft-commit'))

/** The signed text of a checkpoint, with its final newline. */
export function checkpointText(checkpoint: Checkpoint): string {
  return [
    checkpoint.origin,
    checkpoint.logSize,
    toBase64(checkpoint.logRoot),
    `state ${toBase64(checkpoint.stateRoot)}`,
    `height ${checkpoint.height}`,
    `time ${checkpoint.timeMs}`,
    `protocol ${checkpoint.protocol}`,
    '',
  ].join('\n')
}

/** The id of an Ed25519 key in a signed note: 4 bytes of SHA-256(name, 0x0A, 0x01, public key). */
export function noteKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(utf8(name), ED25519_NOTE, publicKey).subarray(0, 4)
}

/** The line by which `name` signs, without its newline; `signature` is the 64 bytes over the text. */
export function noteSignatureLine(name: string, publicKey: Uint8Array, signature: Uint8Array): string {
  return `— ${name} ${toBase64(concat(noteKeyId(name, publicKey), signature))}`
}

/** The checkpoint as a signed note under the Ed25519 seed of the ledger's engine (32 bytes). */
export function signCheckpoint(checkpoint: Checkpoint, seed: Uint8Array): string {
  const text = checkpointText(checkpoint)
  const line = noteSignatureLine(checkpoint.origin, ed25519PublicKey(seed), ed25519Sign(seed, utf8(text)))
  return `${text}\n${line}\n`
}

/** The id, in a signed note, of the validators that sign for `name` by a commit: 4 bytes. */
export function commitNoteKeyId(name: string): Uint8Array {
  return sha256(utf8(name), COMMIT_NOTE).subarray(0, 4)
}

/** The checkpoint as a note that carries the evidence of a CometBFT network instead of a signature of its text. */
export function commitCheckpoint(checkpoint: Checkpoint, evidence: CommitEvidence): string {
  const content = concat(commitNoteKeyId(checkpoint.origin), encodeCommitEvidence(evidence))
  return `${checkpointText(checkpoint)}\n— ${checkpoint.origin} ${toBase64(content)}\n`
}

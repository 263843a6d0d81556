/**
 * Opening checkpoints: C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint; docs/spec/checkpoint.md).
 * A note is its text, a blank line, and signature lines. The ledger's own signature must hold: that of the engine's key,
 * or the commit of its validators. Those of witnesses may follow and are left to whoever trusts them. Everything has
 * one spelling.
 */
import {
  type Checkpoint,
  checkpointOrigin,
  checkpointText,
  commitNoteKeyId,
  ed25519Verify,
  equalBytes,
  fromBase64,
  type Genesis,
  HASH_BYTES,
  noteKeyId,
  SalusError,
  utf8,
} from '@salus/core'
import { verifyCommitEvidence } from './cometbft/evidence.ts'

/** Longest note, in UTF-16 units: the evidence of as many headers and validators as there can be, and witnesses. */
export const NOTE_LENGTH_MAX: number = 1536 * 1024

const NUMBER = '(0|[1-9][0-9]{0,15})'
const TEXT = new RegExp(
  `^(salus/[0-9a-f]{64})\\n${NUMBER}\\n([^\\n]{44})\\n` +
    `state ([^\\n]{44})\\nheight ${NUMBER}\\ntime ${NUMBER}\\nprotocol ${NUMBER}\\n$`,
)
/** A key name has no spaces and no plus sign; key id and signature together are 5 bytes or more. */
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/=]{8,})$/

interface Note {
  readonly text: string
  readonly signatures: readonly { readonly line: string; readonly name: string; readonly content: Uint8Array }[]
}

function malformed(why: string, cause?: unknown): SalusError {
  return new SalusError('checkpoint-malformed', `the checkpoint is malformed: ${why}`, {}, cause)
}

function parseNote(note: string): Note {
  if (note.length > NOTE_LENGTH_MAX) throw malformed('it is too long')
  const blank = note.indexOf('\n\n')
  if (blank < 0 || !note.endsWith('\n')) throw malformed('it is not a signed note')
  const signatures = note
    .slice(blank + 2, -1)
    .split('\n')
    .map((line) => {
      const match = SIGNATURE_LINE.exec(line)
      if (!match) throw malformed('a signature line is not spelled right')
      return { line, name: match[1] as string, content: strictBase64(match[2] as string) }
    })
  return { text: note.slice(0, blank + 1), signatures }
}

function strictBase64(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    throw malformed('base64', cause)
  }
}

function parseText(text: string): Checkpoint {
  const match = TEXT.exec(text)
  if (!match) throw malformed('its lines are not those of a checkpoint')
  const [, origin, logSize, logRoot, stateRoot, height, timeMs, protocol] = match as unknown as string[]
  const checkpoint: Checkpoint = {
    origin: origin as string,
    logSize: Number(logSize),
    logRoot: strictBase64(logRoot as string),
    stateRoot: strictBase64(stateRoot as string),
    height: Number(height),
    timeMs: Number(timeMs),
    protocol: Number(protocol),
  }
  const { logRoot: log, stateRoot: state } = checkpoint
  const numbers = [checkpoint.logSize, checkpoint.height, checkpoint.timeMs, checkpoint.protocol]
  if (log.length !== HASH_BYTES || state.length !== HASH_BYTES || !numbers.every(Number.isSafeInteger)) {
    throw malformed('a value is out of bounds')
  }
  return checkpoint
}

/** What a verifier may know besides the note: `nowMs`, the time now, in milliseconds since 1970. */
export interface OpenOptions {
  readonly nowMs?: number
}

/**
 * The checkpoint of `note`, signed by the engine key of `genesis` or committed by its validators. With `nowMs` the
 * trust in those validators must not have expired; without it no clock is asked, and a proof that held once holds.
 * @throws SalusError `checkpoint-malformed`, `checkpoint-origin` (another ledger's), `checkpoint-signature`,
 *   `checkpoint-commit-*`
 */
export function openCheckpoint(note: string, genesis: Genesis, options: OpenOptions = {}): Checkpoint {
  return open(note, genesis, options).checkpoint
}

/**
 * The note with the ledger's signature alone, which is how a proof file carries it.
 * @throws SalusError as `openCheckpoint`
 */
export function withoutWitnesses(note: string, genesis: Genesis): string {
  const { checkpoint, line } = open(note, genesis)
  return `${checkpointText(checkpoint)}\n${line}\n`
}

/**
 * As `openCheckpoint`, for a note that must be as {@link withoutWitnesses} leaves it. Proof files carry such notes:
 * what nobody checks, as a witness's line, would be bytes of the file that mean nothing.
 * @throws SalusError `checkpoint-witnessed`, and as `openCheckpoint`
 */
export function openBareCheckpoint(note: string, genesis: Genesis): Checkpoint {
  const { checkpoint, line } = open(note, genesis)
  if (note !== `${checkpointText(checkpoint)}\n${line}\n`) {
    throw new SalusError('checkpoint-witnessed', 'a proof file carries the signature of the ledger alone')
  }
  return checkpoint
}

function open(note: string, genesis: Genesis, { nowMs }: OpenOptions = {}): { checkpoint: Checkpoint; line: string } {
  const { text, signatures } = parseNote(note)
  const checkpoint = parseText(text)
  const origin = checkpointOrigin(genesis)
  if (checkpoint.origin !== origin) {
    throw new SalusError('checkpoint-origin', 'the checkpoint belongs to another ledger', {
      expected: origin,
      found: checkpoint.origin,
    })
  }
  const { engine } = genesis
  const keyId = engine.kind === 'embedded' ? noteKeyId(origin, engine.publicKey) : commitNoteKeyId(origin)
  const own = signatures.filter(({ name, content }) => name === origin && equalBytes(content.subarray(0, 4), keyId))
  const [signature] = own
  if (!signature || own.length > 1) throw unsigned(origin, own.length)
  const content = signature.content.subarray(4)
  if (engine.kind === 'cometbft') verifyCommitEvidence(content, checkpoint, genesis, engine, nowMs)
  else if (!ed25519Verify(engine.publicKey, utf8(text), content)) throw unsigned(origin, 1)
  return { checkpoint, line: signature.line }
}

function unsigned(origin: string, signatures: number): SalusError {
  return new SalusError('checkpoint-signature', 'the ledger did not sign this checkpoint', { origin, signatures })
}

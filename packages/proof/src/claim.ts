/** How claims spell what they say: plain JSON, times as ISO 8601, bytes as hexadecimal. */
import { type Checkpoint, SalusError, toHex } from '@salus/core'

/** The latest time that ECMAScript can spell, in milliseconds since 1970. */
const TIME_MS_MAX = 8.64e15

/** ISO 8601 of `timeMs`. @throws SalusError `time-out-of-range` */
export function isoTime(timeMs: number): string {
  if (timeMs > TIME_MS_MAX) throw new SalusError('time-out-of-range', 'no calendar reaches this time', { timeMs })
  return new Date(timeMs).toISOString()
}

/** A checkpoint in plain JSON. */
export interface CheckpointClaim {
  readonly origin: string
  readonly logSize: number
  readonly logRoot: string
  readonly stateRoot: string
  readonly height: number
  readonly time: string
  readonly protocol: number
}

export function describeCheckpoint(checkpoint: Checkpoint): CheckpointClaim {
  const { origin, logSize, logRoot, stateRoot, height, timeMs, protocol } = checkpoint
  return {
    origin,
    logSize,
    logRoot: toHex(logRoot),
    stateRoot: toHex(stateRoot),
    height,
    time: isoTime(timeMs),
    protocol,
  }
}

/**
 * The frames of the ABCI socket: the length of a message as an unsigned varint, then the message. A chunk that a socket
 * hands over may hold many frames, or a part of one, also a part of its length.
 */
import { SalusError } from '@salus/core'

/** Longest message that is taken: above a block (4 MB) and a chunk of a snapshot (16 MB). */
export const FRAME_BYTES_MAX: number = 32 * 1024 * 1024
const LENGTH_BYTES_MAX = 4

/** Puts chunks together and takes frames out. */
export class FrameReader {
  #chunks: Uint8Array[] = []
  #bytes = 0
  /** Bytes that must be there before it is worth looking again. */
  #wanted = 1

  /**
   * The messages that end in `chunk`, in order; views of the bytes that were pushed.
   * @throws SalusError `frame-malformed`
   */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#wanted) return []
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes)
    const messages: Uint8Array[] = []
    let at = 0
    for (;;) {
      const length = readLength(bytes, at)
      const end = length === undefined ? undefined : length.end + length.value
      if (end !== undefined && end <= bytes.length) {
        messages.push(bytes.subarray(length?.end, end))
        at = end
        continue
      }
      this.#wanted = (end ?? bytes.length + 1) - at
      break
    }
    const rest = bytes.subarray(at)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    return messages
  }
}

/** The length that begins at `at` and where it ends; undefined when it is not there as a whole. */
function readLength(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0
  for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (value > FRAME_BYTES_MAX) break
    return { value, end: at + i + 1 }
  }
  throw new SalusError('frame-malformed', 'the length of a frame is out of bounds')
}

/** The length of a message of `size` bytes as it stands before it. */
export function frameHeader(size: number): Uint8Array {
  const out: number[] = []
  let rest = size
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
  out.push(rest)
  return Uint8Array.from(out)
}

/**
 * What the main thread hands to the journal's thread: the encoded entries of many requests in one buffer, which changes
 * hands without a copy. Each frame is its kind (one byte), the length of its content (four bytes, big-endian), and the
 * content.
 */
import type { Kind } from './tables.ts'

export interface Frame {
  readonly kind: Kind
  readonly content: Uint8Array
}

const HEAD_BYTES = 5

/** Bytes that frames of these contents take. */
export function framesBytes(frames: readonly Frame[]): number {
  let length = 0
  for (const { content } of frames) length += HEAD_BYTES + content.length
  return length
}

/** The frames, in a buffer of their own. */
export function packFrames(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(framesBytes(frames))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { kind, content } of frames) {
    bytes[at] = kind
    view.setUint32(at + 1, content.length)
    bytes.set(content, at + HEAD_BYTES)
    at += HEAD_BYTES + content.length
  }
  return bytes
}

/** The frames of {@link packFrames}; contents are views. */
export function* unpackFrames(bytes: Uint8Array): Generator<Frame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 1)
    const start = at + HEAD_BYTES
    yield { kind: bytes[at] as Kind, content: bytes.subarray(start, start + length) }
    at = start + length
  }
}

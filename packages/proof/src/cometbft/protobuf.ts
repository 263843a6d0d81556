/**
 * The little of protobuf (proto3) that CometBFT hashes and signs. A scalar field with its default value is left out; a
 * message field of gogoproto that cannot be null is written even when it is empty. Integers are not negative.
 */
import { concat } from '@salus/core'

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const NOTHING = new Uint8Array(0)

/** Unsigned base-128 varint of `value`, up to 2^53-1. */
export function varint(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80)
  out.push(rest)
  return Uint8Array.from(out)
}

function tag(field: number, wireType: number): Uint8Array {
  return varint((field << 3) | wireType)
}

/** An integer, enumeration or length as a varint. */
export function uintField(field: number, value: number): Uint8Array {
  return value === 0 ? NOTHING : concat(tag(field, VARINT), varint(value))
}

/** `sfixed64`: eight bytes, little-endian. */
export function sfixed64Field(field: number, value: number): Uint8Array {
  if (value === 0) return NOTHING
  const content = new Uint8Array(8)
  new DataView(content.buffer).setBigInt64(0, BigInt(value), true)
  return concat(tag(field, FIXED64), content)
}

/** Bytes, or the UTF-8 bytes of a string. */
export function bytesField(field: number, content: Uint8Array): Uint8Array {
  return content.length === 0 ? NOTHING : messageField(field, content)
}

/** A message that is there, even if empty. */
export function messageField(field: number, content: Uint8Array): Uint8Array {
  return concat(tag(field, LENGTH_DELIMITED), varint(content.length), content)
}

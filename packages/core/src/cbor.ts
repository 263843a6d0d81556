/**
 * Deterministic CBOR (RFC 8949 section 4.2.1), the one encoding of everything that is signed or hashed.
 *
 * Salus uses a small part of CBOR: unsigned integers up to 2^53-1, byte strings, text, arrays, booleans and null.
 * There are no maps (structures are arrays in the order of their schema), no negative numbers, no floats, no tags,
 * no indefinite lengths. Each value has exactly one encoding, and the decoder refuses every other one, so equal
 * hashes mean equal values. docs/adr/0001 says why this is our own code: a general decoder has to be made strict by
 * encoding again and comparing, which costs five times as much on the hottest path of the ledger.
 */
import { SalusError } from './errors.ts'

/** A value that deterministic CBOR can carry here. */
export type Cbor = number | string | boolean | null | Uint8Array | readonly Cbor[]

/** Arrays may nest this deep; deeper input is refused before it can exhaust the stack. */
export const CBOR_DEPTH_MAX = 16

const UINT = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** Text up to this length is tried as ASCII first. */
const SHORT_TEXT = 32
/** A longer buffer is given back after use. */
const SHARED_BYTES_MAX = 1024 * 1024

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Writer {
  bytes = new Uint8Array(256)
  length = 0

  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  head(major: number, value: number): void {
    this.reserve(9)
    const type = major << 5
    const { bytes } = this
    if (value < 24) {
      bytes[this.length++] = type | value
    } else if (value < 0x100) {
      bytes[this.length++] = type | 24
      bytes[this.length++] = value
    } else if (value < 0x10000) {
      bytes[this.length++] = type | 25
      bytes[this.length++] = value >>> 8
      bytes[this.length++] = value & 0xff
    } else if (value < 0x100000000) {
      bytes[this.length++] = type | 26
      this.word(value)
    } else {
      bytes[this.length++] = type | 27
      this.word(Math.floor(value / 0x100000000))
      this.word(value >>> 0)
    }
  }

  word(value: number): void {
    const { bytes } = this
    bytes[this.length++] = value >>> 24
    bytes[this.length++] = (value >>> 16) & 0xff
    bytes[this.length++] = (value >>> 8) & 0xff
    bytes[this.length++] = value & 0xff
  }

  text(value: string): void {
    if (!value.isWellFormed()) throw new SalusError('cbor-unsupported', 'text with a lone surrogate')
    const content = textEncoder.encode(value)
    this.head(TEXT, content.length)
    this.raw(content)
  }

  /** Names of contracts, tables and members are short ASCII: a call of the encoder would cost more than the rest. */
  shortAscii(value: string): boolean {
    const { length } = value
    if (length > SHORT_TEXT) return false
    const start = this.length
    this.head(TEXT, length)
    this.reserve(length)
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit >= 0x80) {
        this.length = start
        return false
      }
      this.bytes[this.length++] = unit
    }
    return true
  }

  raw(content: Uint8Array): void {
    this.reserve(content.length)
    this.bytes.set(content, this.length)
    this.length += content.length
  }

  value(value: Cbor, depth: number): void {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
        throw new SalusError('cbor-unsupported', 'only unsigned integers up to 2^53-1 can be encoded')
      }
      this.head(UINT, value)
    } else if (value instanceof Uint8Array) {
      this.head(BYTES, value.length)
      this.raw(value)
    } else if (typeof value === 'string') {
      if (!this.shortAscii(value)) this.text(value)
    } else if (Array.isArray(value)) {
      if (depth >= CBOR_DEPTH_MAX) throw new SalusError('cbor-too-deep', 'arrays nest too deep', { CBOR_DEPTH_MAX })
      this.head(ARRAY, value.length)
      for (const item of value as readonly Cbor[]) this.value(item, depth + 1)
    } else if (value === null || typeof value === 'boolean') {
      this.reserve(1)
      this.bytes[this.length++] = value === null ? NULL : value ? TRUE : FALSE
    } else {
      throw new SalusError('cbor-unsupported', `a value of type ${typeof value} cannot be encoded`)
    }
  }
}

class Reader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw malformed('it ends too early')
    return byte
  }

  word(): number {
    return ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0
  }

  /** The argument of a head (RFC 8949 section 3), refused unless it has its shortest form. */
  argument(info: number): number {
    if (info < 24) return info
    let value: number
    let least: number
    if (info === 24) {
      value = this.byte()
      least = 24
    } else if (info === 25) {
      value = (this.byte() << 8) | this.byte()
      least = 0x100
    } else if (info === 26) {
      value = this.word()
      least = 0x10000
    } else if (info === 27) {
      const high = this.word()
      value = high * 0x100000000 + this.word()
      least = 0x100000000
      if (high > 0x1fffff) throw malformed('an integer above 2^53-1')
    } else {
      throw malformed('an indefinite or reserved length')
    }
    if (value < least) throw malformed('an integer not in its shortest form')
    return value
  }

  slice(length: number): Uint8Array {
    const end = this.at + length
    if (end > this.bytes.length) throw malformed('it ends too early')
    const content = this.bytes.slice(this.at, end)
    this.at = end
    return content
  }

  value(depth: number): Cbor {
    const initial = this.byte()
    if (initial === FALSE) return false
    if (initial === TRUE) return true
    if (initial === NULL) return null
    const major = initial >>> 5
    if (major !== UINT && major !== BYTES && major !== TEXT && major !== ARRAY) throw malformed('an unsupported type')
    const argument = this.argument(initial & 31)
    if (major === UINT) return argument
    if (major === BYTES) return this.slice(argument)
    if (major === TEXT) return this.text(argument)
    if (depth >= CBOR_DEPTH_MAX) throw new SalusError('cbor-too-deep', 'arrays nest too deep', { CBOR_DEPTH_MAX })
    if (argument > this.bytes.length - this.at) throw malformed('it ends too early')
    const items: Cbor[] = new Array(argument)
    for (let i = 0; i < argument; i++) items[i] = this.value(depth + 1)
    return items
  }

  /** The text when it is ASCII and all there; a call of the decoder would cost more than the rest. */
  shortAscii(length: number): string | undefined {
    if (this.at + length > this.bytes.length) return undefined
    let text = ''
    for (let i = 0; i < length; i++) {
      const byte = this.bytes[this.at + i] as number
      if (byte >= 0x80) return undefined
      text += String.fromCharCode(byte)
    }
    this.at += length
    return text
  }

  text(length: number): string {
    const short = length <= SHORT_TEXT ? this.shortAscii(length) : undefined
    if (short !== undefined) return short
    try {
      return textDecoder.decode(this.slice(length))
    } catch (cause) {
      throw new SalusError('cbor-malformed', 'text that is not UTF-8', {}, cause)
    }
  }
}

/** Kept between calls; nothing else is encoded while a value is. */
let shared = new Writer()

function malformed(why: string): SalusError {
  return new SalusError('cbor-malformed', `not deterministic CBOR: ${why}`)
}

/**
 * The deterministic encoding of `value`.
 * @throws SalusError `cbor-unsupported`, `cbor-too-deep`
 */
export function encodeCbor(value: Cbor): Uint8Array {
  const writer = shared
  writer.length = 0
  writer.value(value, 0)
  if (writer.bytes.length > SHARED_BYTES_MAX) shared = new Writer()
  return writer.bytes.slice(0, writer.length)
}

/**
 * The value of `bytes`, which must be its deterministic encoding and nothing more.
 * @throws SalusError `cbor-malformed`, `cbor-too-deep`
 */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (reader.at !== bytes.length) throw malformed('bytes follow the value')
  return value
}

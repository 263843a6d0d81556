/**
 * FHIR JSON in and out. FHIR gives the spelling of a decimal meaning (R4 section 2.6.1: 1.0 is not 1.00), which
 * JavaScript numbers lose; so numbers that would be written differently are kept beside the parsed resource, by the
 * object or array that holds them. Most texts have none, and take the plain parser.
 */
import { fromUtf8, isSalusError, SalusError } from '@salus/core'
import { RESOURCE_BYTES_MAX, RESOURCE_DEPTH_MAX } from '../limits.ts'

/** The source text of numbers whose spelling a JavaScript number does not keep, by holder and key. */
export type NumberSpellings = ReadonlyMap<object, ReadonlyMap<string, string>>

export interface ParsedJson {
  readonly resource: unknown
  readonly spellings: NumberSpellings
}

export const NO_SPELLINGS: NumberSpellings = new Map()

const NUMBER = /-?\d[\d.eE+-]*/g
const QUOTE = '"'
const BACKSLASH = 0x5c
const COLON = 0x3a
const SPACE = 0x20

/**
 * Parses FHIR JSON of at most `bytesMax` bytes.
 * @throws SalusError `fhir-json-malformed`, `fhir-json-duplicate-key`, `fhir-json-too-deep`, `fhir-json-too-long`
 */
export function parseFhirJson(source: string | Uint8Array, bytesMax: number = RESOURCE_BYTES_MAX): ParsedJson {
  const length = typeof source === 'string' ? Buffer.byteLength(source) : source.length
  if (length > bytesMax) throw new SalusError('fhir-json-too-long', 'the body is too long', { bytesMax })
  const text = typeof source === 'string' ? source : decode(source)
  const resource = parse(text)
  const scanned = scan(text)
  if (countKeys(resource, 1) !== scanned.keys) {
    throw new SalusError('fhir-json-duplicate-key', 'an object has the same key twice')
  }
  return { resource, spellings: scanned.numbersSurvive ? NO_SPELLINGS : spellingsOf(text, resource) }
}

function decode(source: Uint8Array): string {
  try {
    return fromUtf8(source)
  } catch (cause) {
    if (isSalusError(cause)) throw new SalusError('fhir-json-malformed', 'the body is not UTF-8', {}, cause)
    throw cause
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SalusError('fhir-json-malformed', 'the body is not JSON', {}, cause)
  }
}

function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > RESOURCE_DEPTH_MAX) {
    throw new SalusError('fhir-json-too-deep', 'the body nests too deep', { RESOURCE_DEPTH_MAX })
  }
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item, depth + 1)
    return count
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new SalusError('fhir-json-malformed', 'an object has a forbidden key')
    const inner = (value as Record<string, unknown>)[key]
    count += typeof inner === 'object' ? 1 + countKeys(inner, depth + 1) : 1
  }
  return count
}

/**
 * How many keys valid JSON has, repeated ones included, and whether JavaScript would write its numbers as they are
 * spelled. Jumps from quote to quote; only what stands between strings is looked at.
 */
function scan(text: string): { readonly keys: number; readonly numbersSurvive: boolean } {
  let keys = 0
  let numbersSurvive = true
  let at = 0
  for (;;) {
    const open = text.indexOf(QUOTE, at)
    const end = open < 0 ? text.length : open
    if (numbersSurvive && end - at > 1) numbersSurvive = segmentSurvives(text, at, end)
    if (open < 0) return { keys, numbersSurvive }
    at = closingQuote(text, open) + 1
    while (text.charCodeAt(at) <= SPACE) at++
    if (text.charCodeAt(at) === COLON) keys++
  }
}

function closingQuote(text: string, open: number): number {
  let close = text.indexOf(QUOTE, open + 1)
  while (text.charCodeAt(close - 1) === BACKSLASH) {
    let first = close - 1
    while (text.charCodeAt(first - 1) === BACKSLASH) first--
    if ((close - first) % 2 === 0) break
    close = text.indexOf(QUOTE, close + 1)
  }
  return close
}

function segmentSurvives(text: string, start: number, end: number): boolean {
  let at = start
  while (at < end && !isDigit(text.charCodeAt(at))) at++
  if (at === end) return true
  const numbers = text.slice(start, end).match(NUMBER) ?? []
  return numbers.every((number) => String(Number(number)) === number)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Parses again, with the source of each number, and notes those by the holders of the first parse. */
function spellingsOf(text: string, resource: unknown): NumberSpellings {
  const spelled = JSON.parse(text, (_key, value, context?: { source?: string }) => {
    return typeof value === 'number' ? { source: context?.source ?? String(value) } : value
  }) as unknown
  const spellings = new Map<object, Map<string, string>>()
  note(resource, spelled, spellings)
  return spellings
}

function note(value: unknown, spelled: unknown, spellings: Map<object, Map<string, string>>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const twin = (spelled as Record<string, unknown>)[key]
    if (typeof inner !== 'number') {
      note(inner, twin, spellings)
      continue
    }
    const { source } = twin as { source: string }
    if (JSON.stringify(inner) === source) continue
    const own = spellings.get(value)
    if (own) own.set(key, source)
    else spellings.set(value, new Map([[key, source]]))
  }
}

// ES2026 `JSON.rawJSON`, which V8 has and the type library does not know yet.
interface RawJson {
  readonly rawJSON: string
}
const { rawJSON, isRawJSON } = JSON as typeof JSON & {
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/**
 * JSON for moving its parts about: numbers that JavaScript would write differently are `JSON.rawJSON` values, which
 * `JSON.stringify` writes as they were spelled wherever they end up.
 */
export function parseSpelled(text: string): unknown {
  return JSON.parse(text, (_key, value, context?: { source?: string }) => {
    const source = context?.source
    return typeof value !== 'number' || source === undefined || JSON.stringify(value) === source
      ? value
      : rawJSON(source)
  })
}

/** The number of a `JSON.rawJSON` value; any other value as it is. */
export function unspelled(value: unknown): unknown {
  return isRawJSON(value) ? Number(value.rawJSON) : value
}

/** The JSON text of a resource, with numbers as they were spelled. */
export function writeFhirJson(resource: object, spellings: NumberSpellings): string {
  if (spellings.size === 0) return JSON.stringify(resource)
  return JSON.stringify(resource, function (this: object, key: string, value: unknown) {
    if (typeof value !== 'number') return value
    const spelling = spellings.get(this)?.get(key)
    return spelling === undefined || Number(spelling) !== value ? value : rawJSON(spelling)
  })
}

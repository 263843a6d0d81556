/** Values of search parameters (FHIR R4 section 3.1.1.5): escapes, prefixes, and the syntax of each type. */
import { SalusError } from '@salus/core'
import { parseDateRange } from '../index/dates.ts'
import { INDEXED_TEXT_MAX } from '../index/extract.ts'
import { foldText } from '../index/fold.ts'
import { parseSearchNumber } from '../index/numbers.ts'
import { parseLocalReference } from '../index/references.ts'
import type { DateValue, Prefix, QuantityValue, ReferenceValue, StringValue, TokenValue, UriValue } from './criteria.ts'

const PREFIXED = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+-])(.*)$/
const ID = /^[A-Za-z0-9.-]{1,64}$/

export function malformed(parameter: string, why: string): SalusError {
  return new SalusError('search-value-malformed', `the value of a search parameter is malformed: ${why}`, { parameter })
}

/** Splits at a separator that no backslash stands before; the parts keep their escapes. */
export function splitEscaped(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === separator) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

export function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\,|$])/g, '$1') : text
}

function prefixed(text: string): { prefix: Prefix; rest: string } {
  const match = PREFIXED.exec(text)
  return match ? { prefix: match[1] as Prefix, rest: match[2] as string } : { prefix: 'eq', rest: text }
}

export function tokenValue(parameter: string, text: string): TokenValue {
  const parts = splitEscaped(text, '|').map(unescapeValue)
  if (parts.length > 2) throw malformed(parameter, 'a token is system|code')
  const [first = '', second] = parts
  if (second === undefined) {
    if (first === '') throw malformed(parameter, 'a token is empty')
    return { kind: 'token', system: undefined, code: first }
  }
  if (first === '' && second === '') throw malformed(parameter, 'a token is empty')
  return { kind: 'token', system: first === '' ? null : first, code: second === '' ? undefined : second }
}

export function stringValue(parameter: string, text: string, match: StringValue['match']): StringValue {
  const plain = unescapeValue(text).slice(0, INDEXED_TEXT_MAX)
  // Folding trims, but a blank at an end of what is to be contained is part of it.
  const folded = match === 'exact' ? plain : match === 'start' ? foldText(plain) : foldText(`x${plain}x`).slice(1, -1)
  if (folded === '') throw malformed(parameter, 'a string is empty')
  return { kind: 'string', match, text: folded }
}

/** `nowMs` is needed by `ap`: a tenth of the distance between now and the date. */
export function dateValue(parameter: string, text: string, nowMs: number): DateValue {
  const { prefix, rest } = prefixed(unescapeValue(text).trim())
  // A `+` of the zone that was not percent-encoded arrives as a space.
  const range = parseDateRange(rest.replace(/ (?=\d{2}:\d{2}$)/, '+'))
  if (!range) throw malformed(parameter, 'no date')
  if (prefix !== 'ap') return { kind: 'date', prefix, ...range }
  const distance = Math.abs(nowMs - (range.startMs + range.endMs) / 2)
  const slack = Math.round(distance / 10)
  return { kind: 'date', prefix, startMs: range.startMs - slack, endMs: range.endMs + slack }
}

/** A number, or with `units` a quantity: `[prefix]number|system|code`, `number||code`. */
export function quantityValue(parameter: string, text: string, units: boolean): QuantityValue {
  const parts = splitEscaped(text, '|').map(unescapeValue)
  if (parts.length > (units ? 3 : 1)) throw malformed(parameter, 'too many parts')
  const { prefix, rest } = prefixed((parts[0] ?? '').trim())
  // A `+` of the exponent that was not percent-encoded arrives as a space, as in dates.
  const number = parseSearchNumber(rest.replace(/(?<=[eE]) (?=\d)/, '+'))
  if (!number) throw malformed(parameter, 'no number')
  const { value } = number
  const tenth = Math.abs(value) / 10
  const around = prefix === 'ap' ? { low: value - tenth, high: value + tenth } : { low: number.low, high: number.high }
  // `number|code` is not in the standard; it reads as a code without a system.
  const system = parts.length === 3 ? parts[1] : undefined
  const code = parts.length === 3 ? parts[2] : parts[1]
  return { kind: 'quantity', prefix, value, ...around, system: system || undefined, code: code || undefined }
}

export function uriValue(parameter: string, text: string, match: UriValue['match']): UriValue {
  const uri = unescapeValue(text).slice(0, INDEXED_TEXT_MAX)
  if (uri === '') throw malformed(parameter, 'a uri is empty')
  return { kind: 'uri', match, uri }
}

/** `Type/id`, `id`, or a URL; `types` are the ones that a bare id may mean. */
export function referenceValue(
  parameter: string,
  text: string,
  types: readonly string[],
  bases: readonly string[],
): ReferenceValue | UriValue {
  const reference = unescapeValue(text)
  if (ID.test(reference)) return { kind: 'reference', types, id: reference }
  const local = bases.map((base) => parseLocalReference(reference, base)).find((one) => one !== undefined)
  if (!local) return uriValue(parameter, text, 'canonical')
  return { kind: 'reference', types: types.includes(local.type) ? [local.type] : [], id: local.id }
}

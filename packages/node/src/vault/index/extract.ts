/**
 * The index rows of one resource. Values that search parameters look for stand under the path that found them;
 * codings and references that no path covers stand under {@link OTHER}, authors under {@link AUTHOR}, and security labels
 * under {@link HELD_LABEL}, so that the filters of permits see all of them.
 */
import type { Resource } from '@medplum/fhirtypes'
import type { Code } from '../../consent/filter.ts'
import { type DateRange, elementDateRange } from './dates.ts'
import { clinicalRange, codingKey, mentionsOf } from './facts.ts'
import { foldText } from './fold.ts'
import { type NumberRange, quantityRange, rangeOfRange } from './numbers.ts'
import { type IndexKind, indexPlan } from './parameters.ts'
import { pathId } from './paths.ts'
import { type LocalReference, parseLocalReference } from './references.ts'

/** Path of codings and references that no search parameter covers; small, to keep their rows short. */
export const OTHER = 0
/** Path of references to authors, besides their own rows. */
export const AUTHOR = 1
/** Path of security labels in canonical spelling (consent/labels.ts), besides their own rows. */
export const HELD_LABEL = 2

/** Longest text and uri kept in an index, in UTF-16 units. */
export const INDEXED_TEXT_MAX = 1024

interface Row {
  readonly path: number
  /** The repetition of the path's first element: components of a composite must agree in it. */
  readonly place: number
}
/** `coding`: 1 when the value is a Coding, which the code filter looks for. `text` is folded, for `:text`. */
export interface TokenRow extends Row {
  readonly system: string | null
  readonly code: string
  readonly text: string | null
  readonly coding: 0 | 1
}
export interface StringRow extends Row {
  readonly folded: string
  readonly exact: string
}
export interface ReferenceRow extends Row, LocalReference {}
export interface DateRow extends Row, DateRange {}
export interface QuantityRow extends Row, NumberRange {
  readonly system: string | null
  readonly code: string | null
  readonly unit: string | null
}
export interface UriRow extends Row {
  readonly value: string
}

export interface ExtractedIndex {
  readonly token: TokenRow[]
  readonly string: StringRow[]
  readonly reference: ReferenceRow[]
  readonly date: DateRow[]
  readonly quantity: QuantityRow[]
  readonly uri: UriRow[]
  readonly labels: readonly Code[]
  readonly clinical: DateRange | null
  /** All local references of the resource, each once. */
  readonly references: readonly LocalReference[]
}

/** The path under which identifiers stand with their type, for `:of-type`; `path` is the text of their own path. */
export function ofTypePath(path: string): number {
  return pathId(`${path}:of-type`)
}

/** The code under which such an identifier stands. */
export function ofTypeCode(system: string, code: string, value: string): string {
  return `${system}|${code}|${value}`
}

export function extractIndex(resource: Resource, base: string): ExtractedIndex {
  const mentions = mentionsOf(resource, base)
  const references = [...mentions.references].map(splitReference)
  const index: ExtractedIndex = {
    token: [],
    string: [],
    reference: [],
    date: [],
    quantity: [],
    uri: [],
    labels: [...mentions.labels.values()],
    clinical: clinicalRange(resource),
    references,
  }
  for (const { kind, path } of indexPlan(resource.resourceType)) {
    const add = ADD[kind]
    path.visit(resource, (value, type, place) => {
      const rows = rowCount(index)
      add(index, { id: path.id, text: path.text, place, base }, value, type)
      // `:missing` asks for the element; one without anything to search for has an empty uri, which no search matches.
      if (rowCount(index) === rows) index.uri.push({ path: path.id, place, value: '' })
    })
  }
  addOthers(index, mentions.codings, references)
  for (const { system = null, code } of index.labels) {
    index.token.push({ path: HELD_LABEL, place: 0, system, code, text: null, coding: 0 })
  }
  for (const author of mentions.authors) index.reference.push({ path: AUTHOR, place: 0, ...splitReference(author) })
  return index
}

function rowCount({ token, string, reference, date, quantity, uri }: ExtractedIndex): number {
  return token.length + string.length + reference.length + date.length + quantity.length + uri.length
}

function splitReference(reference: string): LocalReference {
  const slash = reference.indexOf('/')
  return { type: reference.slice(0, slash), id: reference.slice(slash + 1) }
}

function addOthers(
  index: ExtractedIndex,
  codings: ReadonlyMap<string, Code>,
  references: readonly LocalReference[],
): void {
  const codingsSeen = new Set<string>()
  for (const row of index.token) if (row.coding === 1) codingsSeen.add(codingKey(row.system, row.code))
  for (const [key, { system, code }] of codings) {
    if (codingsSeen.has(key)) continue
    index.token.push({ path: OTHER, place: 0, system: system ?? null, code, text: null, coding: 1 })
  }
  const referencesSeen = new Set<string>()
  for (const row of index.reference) referencesSeen.add(`${row.type}/${row.id}`)
  for (const reference of references) {
    if (referencesSeen.has(`${reference.type}/${reference.id}`)) continue
    index.reference.push({ path: OTHER, place: 0, ...reference })
  }
}

interface At {
  readonly id: number
  readonly text: string
  readonly place: number
  readonly base: string
}

type Add = (index: ExtractedIndex, at: At, value: unknown, type: string) => void

const ADD: Readonly<Record<IndexKind, Add>> = {
  token: addToken,
  string: addString,
  reference: addReference,
  date: addDate,
  quantity: addQuantity,
  uri: addUri,
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? foldText(value.slice(0, INDEXED_TEXT_MAX)) : null
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function addToken(index: ExtractedIndex, at: At, value: unknown, type: string): void {
  if (type === 'CodeableConcept') addConcept(index, at, value as Record<string, unknown>)
  else if (type === 'Coding') addCoding(index, at, value as Record<string, unknown>)
  else if (type === 'Identifier') addIdentifier(index, at, value as Record<string, unknown>)
  else if (type === 'ContactPoint') {
    const { system, value: number } = value as Record<string, unknown>
    if (typeof number === 'string') pushToken(index, at, stringOrNull(system), number, null, 0)
  } else if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    pushToken(index, at, null, String(value).slice(0, INDEXED_TEXT_MAX), null, 0)
  }
}

function pushToken(
  index: ExtractedIndex,
  at: At,
  system: string | null,
  code: string,
  text: string | null,
  coding: 0 | 1,
): void {
  index.token.push({ path: at.id, place: at.place, system, code, text, coding })
}

function addCoding(index: ExtractedIndex, at: At, coding: Record<string, unknown>): void {
  const code = stringOrNull(coding.code)
  const text = textOf(coding.display)
  if (code !== null) pushToken(index, at, stringOrNull(coding.system), code, text, 1)
  else if (text !== null) pushToken(index, at, null, '', text, 0)
}

/** The text of a concept gets a row of its own unless a display says the same. */
function addConcept(index: ExtractedIndex, at: At, concept: Record<string, unknown>): void {
  const codings = Array.isArray(concept.coding) ? (concept.coding as (Record<string, unknown> | null)[]) : []
  for (const coding of codings) if (coding) addCoding(index, at, coding)
  const text = concept.text
  if (typeof text !== 'string' || codings.some((coding) => coding?.display === text)) return
  pushToken(index, at, null, '', textOf(text), 0)
}

function addIdentifier(index: ExtractedIndex, at: At, identifier: Record<string, unknown>): void {
  const value = stringOrNull(identifier.value)
  if (value === null) return
  const type = identifier.type as { text?: unknown; coding?: readonly Record<string, unknown>[] } | undefined
  pushToken(index, at, stringOrNull(identifier.system), value, textOf(type?.text), 0)
  for (const { system, code } of type?.coding ?? []) {
    if (typeof system !== 'string' || typeof code !== 'string') continue
    const path = ofTypePath(at.text)
    index.token.push({
      path,
      place: at.place,
      system: null,
      code: ofTypeCode(system, code, value),
      text: null,
      coding: 0,
    })
  }
}

const NAME_PARTS = ['family', 'given', 'prefix', 'suffix', 'text']
const ADDRESS_PARTS = ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text']

function addString(index: ExtractedIndex, at: At, value: unknown, type: string): void {
  if (typeof value === 'string') {
    const exact = value.slice(0, INDEXED_TEXT_MAX)
    index.string.push({ path: at.id, place: at.place, folded: foldText(exact), exact })
    return
  }
  const parts = type === 'HumanName' ? NAME_PARTS : type === 'Address' ? ADDRESS_PARTS : []
  for (const part of parts) {
    const inner = (value as Record<string, unknown>)[part]
    for (const item of Array.isArray(inner) ? inner : [inner]) {
      if (typeof item === 'string') addString(index, at, item, 'string')
    }
  }
}

function addReference(index: ExtractedIndex, at: At, value: unknown, type: string): void {
  if (typeof value === 'string') addTarget(index, at, value, true)
  else if (type === 'Identifier') addIdentifier(index, at, value as Record<string, unknown>)
  else if (type === 'Reference') {
    const { reference, identifier } = value as { reference?: unknown; identifier?: Record<string, unknown> }
    if (typeof reference === 'string') addTarget(index, at, reference, false)
    if (identifier) addIdentifier(index, at, identifier)
  }
}

/** Local references are joined by number; all others, and canonicals, are found by their text. */
function addTarget(index: ExtractedIndex, at: At, reference: string, canonical: boolean): void {
  const local = parseLocalReference(reference, at.base)
  if (local) index.reference.push({ path: at.id, place: at.place, ...local })
  if ((!local || canonical) && !reference.startsWith('#')) addUri(index, at, reference)
}

function addDate(index: ExtractedIndex, at: At, value: unknown, type: string): void {
  const range = elementDateRange(value, type)
  if (range) index.date.push({ path: at.id, place: at.place, ...range })
}

function addQuantity(index: ExtractedIndex, at: At, value: unknown, type: string): void {
  if (typeof value === 'number') {
    index.quantity.push({ path: at.id, place: at.place, low: value, high: value, system: null, code: null, unit: null })
    return
  }
  if (typeof value !== 'object' || value === null) return
  const record = value as Record<string, unknown>
  if (type === 'Range') {
    const range = rangeOfRange(record)
    const bound = (record.low ?? record.high) as Record<string, unknown> | undefined
    if (range && bound) pushQuantity(index, at, range, bound)
  } else if (type === 'Money') {
    const range = quantityRange(record.value, undefined)
    const currency = { system: 'urn:iso:std:iso:4217', code: record.currency }
    if (range) pushQuantity(index, at, range, currency)
  } else {
    const range = quantityRange(record.value, record.comparator)
    if (range) pushQuantity(index, at, range, record)
  }
}

function pushQuantity(index: ExtractedIndex, at: At, { low, high }: NumberRange, unit: Record<string, unknown>): void {
  const system = stringOrNull(unit.system)
  const code = stringOrNull(unit.code)
  index.quantity.push({ path: at.id, place: at.place, low, high, system, code, unit: stringOrNull(unit.unit) })
}

function addUri(index: ExtractedIndex, at: At, value: unknown): void {
  if (typeof value !== 'string') return
  index.uri.push({ path: at.id, place: at.place, value: value.slice(0, INDEXED_TEXT_MAX) })
}

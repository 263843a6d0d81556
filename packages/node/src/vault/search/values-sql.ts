/**
 * Conditions on one row, `t`, of an index table. Rules for ranges are those of FHIR R4 section 3.1.1.5.3: a range of
 * the search value against a range of the element.
 */
import { allOf, among, anyOf, FALSE, list, type Sql, sql } from '../../db/sql.ts'
import { typeNumber } from '../definitions/definitions.ts'
import { systemSql } from '../filter-sql.ts'
import type { IndexKind } from '../index/parameters.ts'
import type { PathUse } from '../index/paths.ts'
import type { DateValue, QuantityValue, StringValue, TokenValue, UriValue, Value } from './criteria.ts'

/** Sorts after every text that can follow a prefix: the last code point. */
const LAST = '\u{10ffff}'

/** The table in which a value is looked for. */
export function tableOf(value: Value): IndexKind {
  return value.kind === 'token-text' ? 'token' : value.kind
}

/**
 * How rows are reached: by their values through the index, or as the few rows of one resource. The unary plus of the
 * latter keeps the database from the index of values.
 */
export type Access = 'by-value' | 'by-resource'

/** The row stands under one of the paths and matches the value. */
export function rowSql(uses: readonly PathUse[], value: Value, access: Access): Sql {
  switch (value.kind) {
    case 'token':
      return tokenSql(uses, value, access)
    case 'token-text':
      return allOf([pathSql(uses, access), startsWith(sql`t.text`, value.start)])
    case 'string':
      return allOf([pathSql(uses, access), stringSql(value)])
    case 'date':
      return allOf([pathSql(uses, access), dateSql(value)])
    case 'quantity':
      return allOf([pathSql(uses, access), quantitySql(value)])
    case 'uri':
      return allOf([pathSql(uses, access), uriSql(value)])
    case 'reference':
      return referencesSql(uses, value.types, [value.id], access)
  }
}

export function pathSql(uses: readonly PathUse[], access: Access): Sql {
  const ids = [...new Set(uses.map((use) => use.path.id))]
  if (ids.length === 0) return FALSE
  const path = sql.raw(access === 'by-value' ? 't.path' : '+t.path')
  return ids.length === 1 ? sql`${path} = ${ids[0] as number}` : sql`${path} IN ${list(ids)}`
}

/**
 * Codes of primitive elements stand without a system; theirs is the one of the element's binding, so a search that
 * names a system is answered under the paths whose elements imply it.
 */
function tokenSql(uses: readonly PathUse[], { system, code }: TokenValue, access: Access): Sql {
  const codeIs = code === undefined ? sql`t.code <> ''` : sql`t.code = ${code}`
  if (system === undefined) return allOf([pathSql(uses, access), codeIs])
  if (system === null) return allOf([pathSql(uses, access), codeIs, sql`t.system IS NULL`])
  const implied = uses.filter((use) => use.path.leaves.some((leaf) => leaf.codes?.system === system))
  const explicit = allOf([pathSql(uses, access), codeIs, sql`t.system = ${systemSql(system)}`])
  return anyOf([explicit, allOf([pathSql(implied, access), codeIs, sql`t.system IS NULL`])])
}

function startsWith(columnSql: Sql, start: string): Sql {
  return sql`(${columnSql} >= ${start} AND ${columnSql} < ${start + LAST})`
}

function stringSql({ match, text }: StringValue): Sql {
  if (match === 'exact') return sql`t.exact = ${text}`
  if (match === 'start') return startsWith(sql`t.folded`, text)
  return sql`t.folded LIKE ${`%${text.replace(/[\\%_]/g, '\\$&')}%`} ESCAPE '\\'`
}

function dateSql({ prefix, startMs, endMs }: DateValue): Sql {
  return rangeSql(prefix, sql`t.start_ms`, sql`t.end_ms`, startMs, endMs)
}

/** Whether a column pair that holds a range meets the prefix against the inclusive range [low, high]. */
export function rangeSql(prefix: DateValue['prefix'], start: Sql, end: Sql, low: number, high: number): Sql {
  const contained = sql`(${start} >= ${low} AND ${end} <= ${high})`
  switch (prefix) {
    case 'eq':
      return contained
    case 'ne':
      return sql`NOT ${contained}`
    case 'gt':
      return sql`${end} > ${high}`
    case 'lt':
      return sql`${start} < ${low}`
    case 'ge':
      return sql`(${end} > ${high} OR ${contained})`
    case 'le':
      return sql`(${start} < ${low} OR ${contained})`
    case 'sa':
      return sql`${start} > ${high}`
    case 'eb':
      return sql`${end} < ${low}`
    case 'ap':
      return sql`(${start} <= ${high} AND ${end} >= ${low})`
  }
}

/** Without a prefix a number stands for its precision, half open; with an ordering prefix for itself. */
function quantitySql({ prefix, value, low, high, system, code }: QuantityValue): Sql {
  const conditions: Sql[] = [numberSql(prefix, value, low, high)]
  if (system !== undefined) conditions.push(sql`t.system = ${systemSql(system)}`)
  if (code !== undefined) {
    conditions.push(system === undefined ? sql`(t.code = ${code} OR t.unit = ${code})` : sql`t.code = ${code}`)
  }
  return allOf(conditions)
}

function numberSql(prefix: QuantityValue['prefix'], value: number, low: number, high: number): Sql {
  if (prefix === 'ap') return rangeSql('ap', sql`t.low`, sql`t.high`, low, high)
  if (prefix !== 'eq' && prefix !== 'ne') return rangeSql(prefix, sql`t.low`, sql`t.high`, value, value)
  // Of a value that uses up the digits of a double, both ends of the range round to the value itself.
  const contained = sql`(t.low >= ${low} AND (t.high < ${high} OR t.high = ${value}))`
  return prefix === 'eq' ? contained : sql`NOT ${contained}`
}

function uriSql({ match, uri }: UriValue): Sql {
  if (match === 'exact') return sql`t.value = ${uri}`
  // A canonical may carry `|version`, and is found with and without it.
  if (match === 'canonical') return anyOf([sql`t.value = ${uri}`, startsWith(sql`t.value`, `${uri}|`)])
  if (match === 'below') return anyOf([sql`t.value = ${uri}`, startsWith(sql`t.value`, uri.replace(/\/?$/, '/'))])
  return sql`t.value IN ${among(ancestors(uri))}`
}

/** The uri and every prefix of it that ends before or after a slash. */
function ancestors(uri: string): string[] {
  const found = new Set([uri])
  for (let slash = uri.indexOf('/'); slash >= 0; slash = uri.indexOf('/', slash + 1)) {
    found.add(uri.slice(0, slash)).add(uri.slice(0, slash + 1))
  }
  return [...found].filter((one) => one !== '').slice(0, 256)
}

/** The row refers to a resource of one of these types with one of these ids. */
export function referencesSql(
  uses: readonly PathUse[],
  types: readonly string[],
  ids: readonly string[],
  access: Access,
): Sql {
  const column = sql.raw(access === 'by-value' ? 't.target' : '+t.target')
  const idIs = ids.length === 1 ? sql`id = ${ids[0] as string}` : sql`id IN ${among(ids)}`
  const byTypes = new Map<string, { readonly types: readonly string[]; readonly uses: PathUse[] }>()
  for (const use of uses) {
    const own = use.target === null ? types : types.filter((type) => type === use.target)
    const name = own.join()
    const group = byTypes.get(name)
    if (group) group.uses.push(use)
    else if (own.length > 0) byTypes.set(name, { types: own, uses: [use] })
  }
  return anyOf(
    [...byTypes.values()].map((group) => {
      const numbers = list(group.types.map(typeNumber))
      const target = sql`(SELECT key FROM vault_resource WHERE type IN ${numbers} AND ${idIs})`
      return allOf([pathSql(group.uses, access), sql`${column} IN ${target}`])
    }),
  )
}

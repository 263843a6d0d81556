/**
 * Order and position. Rows are sorted by the keys asked for, then by number, which makes the order total; a page
 * begins after the values of the last row of the page before. Resources without a value come last either way.
 */
import { allOf, anyOf, column, type Sql, sql } from '../../db/sql.ts'
import type { CursorValue } from '../cursor.ts'
import type { SortKey } from './criteria.ts'
import { pathSql } from './values-sql.ts'

const COLUMNS = {
  token: 't.code',
  string: 't.folded',
  date: 't.start_ms',
  quantity: 't.low',
  uri: 't.value',
  reference: 't.target',
} as const

/** The value that a resource is sorted by: the least of its values ascending, the greatest descending. */
function valueSql({ by, uses, descending }: SortKey, r: string): Sql {
  if (by === 'id') return column(r, 'id')
  if (by === 'updated') return column(r, 'updated_ms')
  const name = by === 'date' && descending ? 't.end_ms' : COLUMNS[by]
  const aggregate = sql.raw(`${descending ? 'max' : 'min'}(${name})`)
  return sql`(SELECT ${aggregate} FROM ${sql.table(`vault_${by}`)} t
    WHERE t.resource = ${column(r, 'key')} AND ${pathSql(uses, 'by-resource')})`
}

/** Columns `s0`, `s1`, … to select beside the key. */
export function sortColumns(keys: readonly SortKey[], r: string): Sql {
  if (keys.length === 0) return sql``
  return sql`, ${sql.join(keys.map((key, at) => sql`${valueSql(key, r)} AS ${sql.raw(`s${at}`)}`))}`
}

export function orderSql(keys: readonly SortKey[]): Sql {
  const parts = keys.map(({ descending }, at) => sql.raw(`s${at} IS NULL, s${at}${descending ? ' DESC' : ''}`))
  return sql`ORDER BY ${sql.join([...parts, sql.raw('key')])}`
}

/** Rows after the position, in terms of the columns of {@link sortColumns} and `key`. */
export function afterSql(keys: readonly SortKey[], position: readonly CursorValue[]): Sql {
  const alternatives: Sql[] = []
  const equal: Sql[] = []
  keys.forEach(({ descending }, at) => {
    const name = sql.raw(`s${at}`)
    const value = position[at] ?? null
    if (value === null) {
      equal.push(sql`${name} IS NULL`)
      return
    }
    const beyond = descending ? sql`${name} < ${value}` : sql`${name} > ${value}`
    alternatives.push(allOf([...equal, anyOf([beyond, sql`${name} IS NULL`])]))
    equal.push(sql`${name} = ${value}`)
  })
  alternatives.push(allOf([...equal, sql`key > ${position[keys.length] ?? 0}`]))
  return anyOf(alternatives)
}

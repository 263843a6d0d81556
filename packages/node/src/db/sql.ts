/** SQL composed of fragments by kysely's `sql` tag, compiled for the driver; nothing here runs a query. */

import { SalusError } from '@salus/core'
import {
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Queries, SqlValue } from './database.ts'

export type Sql = RawBuilder<unknown>
export { sql }

// Questions marks for parameters are what `Queries` takes for every dialect, so one compiler serves both.
const compiler = new Kysely<never>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** Parameters of a query, as SQLite bounds them (SQLITE_MAX_VARIABLE_NUMBER). */
const QUERY_PARAMETERS_MAX = 32_766

/**
 * All rows of a composed query.
 * @throws SalusError `search-too-broad` when it has more parameters than a database takes
 */
export async function allRows<Row>(queries: Queries, query: Sql): Promise<Row[]> {
  const { sql: text, parameters } = query.compile(compiler)
  if (parameters.length > QUERY_PARAMETERS_MAX) {
    throw new SalusError('search-too-broad', 'the query has too many parts', { QUERY_PARAMETERS_MAX })
  }
  return queries.all<Row>(text, parameters as readonly SqlValue[])
}

export const TRUE: Sql = sql`1 = 1`
export const FALSE: Sql = sql`1 = 0`

/** All of the conditions; true for none. */
export function allOf(conditions: readonly Sql[]): Sql {
  const real = conditions.filter((condition) => condition !== TRUE)
  if (real.includes(FALSE)) return FALSE
  return real.length === 0 ? TRUE : balanced(real, sql` AND `)
}

/** Any of the conditions; false for none. */
export function anyOf(conditions: readonly Sql[]): Sql {
  const real = conditions.filter((condition) => condition !== FALSE)
  if (real.includes(TRUE)) return TRUE
  return real.length === 0 ? FALSE : balanced(real, sql` OR `)
}

/** A tree of brackets, because databases bound the depth of expressions and a plain chain is as deep as it is long. */
function balanced(conditions: readonly Sql[], operator: Sql): Sql {
  if (conditions.length === 1) return conditions[0] as Sql
  const middle = conditions.length >> 1
  const left = balanced(conditions.slice(0, middle), operator)
  return sql`(${left}${operator}${balanced(conditions.slice(middle), operator)})`
}

/** A list of any length as one parameter, for `IN`. */
export function among(values: readonly (string | number)[]): Sql {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`
}

/** A bracketed list of parameters, for lists that are short by their nature. */
export function list(values: readonly SqlValue[]): Sql {
  return sql`(${sql.join(values)})`
}

/** A column of a table alias. */
export function column(alias: string, name: string): Sql {
  return sql.raw(`${alias}.${name}`)
}

/**
 * `_include` and `_revinclude` (FHIR R4 section 3.1.1.5.10): resources that the matches refer to or are referred to
 * by. With `:iterate` the included resources are followed as well, until nothing new appears. All within the scope.
 */
import { SalusError } from '@salus/core'
import type { Scope } from '../../consent/permit.ts'
import type { Queries } from '../../db/database.ts'
import { allOf, allRows, anyOf, list, type Sql, sql } from '../../db/sql.ts'
import { INCLUDED_MAX } from '../../limits.ts'
import { typeNumber } from '../definitions/definitions.ts'
import { scopeSql } from '../filter-sql.ts'
import { AUTHOR } from '../index/extract.ts'
import { STATE } from '../schema.ts'
import type { Include } from './criteria.ts'
import { pathSql } from './values-sql.ts'

/** Keys that one query takes at a time: databases bound the number of parameters. */
const KEYS_MAX = 5000

/**
 * The keys to include for the matches on a page, in order of number, without the matches themselves.
 * @throws SalusError `search-too-many-included`
 */
export async function includedKeys(
  read: Queries,
  scope: Scope,
  includes: readonly Include[],
  matches: readonly number[],
): Promise<number[]> {
  const seen = new Set(matches)
  const included = new Set<number>()
  let fresh = await follow(read, scope, includes, matches, seen)
  const iterated = includes.filter((include) => include.iterate)
  while (fresh.length > 0) {
    for (const key of fresh) included.add(key)
    if (included.size > INCLUDED_MAX) {
      throw new SalusError('search-too-many-included', 'the includes of this page are too many', { INCLUDED_MAX })
    }
    fresh = iterated.length === 0 ? [] : await follow(read, scope, iterated, fresh, seen)
  }
  return [...included].sort((a, b) => a - b)
}

/** One step from `keys`; what it finds is added to `seen`. */
async function follow(
  read: Queries,
  scope: Scope,
  includes: readonly Include[],
  keys: readonly number[],
  seen: Set<number>,
): Promise<number[]> {
  const found: number[] = []
  for (const include of includes) {
    for (let at = 0; at < keys.length; at += KEYS_MAX) {
      const query = stepSql(include, keys.slice(at, at + KEYS_MAX), scope)
      for (const { key } of await allRows<{ key: number }>(read, query)) {
        if (seen.has(key)) continue
        seen.add(key)
        found.push(key)
      }
    }
  }
  return found
}

/** `r` is the resource that is looked for, `o` the one that is known, `t` the reference between them. */
function stepSql(include: Include, keys: readonly number[], scope: Scope): Sql {
  const source = include.reverse ? 'r' : 'o'
  const target = include.reverse ? 'o' : 'r'
  const conditions: Sql[] = [
    sql`${sql.raw(include.reverse ? 't.target' : 't.resource')} IN ${list(keys)}`,
    sql`r.state = ${STATE.current}`,
    usesSql(include, target),
    scopeSql(scope, 'r'),
  ]
  if (include.source !== null) conditions.push(sql`${sql.raw(`${source}.type`)} = ${typeNumber(include.source)}`)
  if (include.target !== null) conditions.push(sql`${sql.raw(`${target}.type`)} = ${typeNumber(include.target)}`)
  const joins = include.reverse
    ? sql.raw('r.key = t.resource JOIN vault_resource o ON o.key = t.target')
    : sql.raw('r.key = t.target JOIN vault_resource o ON o.key = t.resource')
  return sql`SELECT DISTINCT r.key FROM vault_reference t JOIN vault_resource r ON ${joins} WHERE ${allOf(conditions)}`
}

function usesSql({ uses, reverse }: Include, target: string): Sql {
  if (uses === null) return sql`+t.path > ${AUTHOR}`
  const access = reverse ? 'by-value' : 'by-resource'
  return anyOf(
    uses.map((use) => {
      const path = pathSql([use], access)
      return use.target === null ? path : allOf([path, sql`${sql.raw(`${target}.type`)} = ${typeNumber(use.target)}`])
    }),
  )
}

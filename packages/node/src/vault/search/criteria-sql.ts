/**
 * Criteria as SQL conditions on a row of `vault_resource`. Each can be written two ways: *correlated*, an EXISTS that
 * checks one candidate by its own few index rows, or as a *driver*, a set of keys that the database starts from.
 * One criterion, the most selective by its nature, drives; the others are correlated. `_has` is a set always. Chains
 * and `_has` carry the permit's scope for the resources that they pass through.
 */
import type { Scope } from '../../consent/permit.ts'
import { allOf, among, anyOf, column, FALSE, list, type Sql, sql, TRUE } from '../../db/sql.ts'
import { typeNumber } from '../definitions/definitions.ts'
import { keySql, scopeSql } from '../filter-sql.ts'
import type { IndexKind } from '../index/parameters.ts'
import type { PathUse } from '../index/paths.ts'
import { STATE } from '../schema.ts'
import type { CompositeCriterion, Criterion, ReferenceValue, Value, ValuesCriterion } from './criteria.ts'
import { pathSql, rangeSql, referencesSql, rowSql, tableOf } from './values-sql.ts'

const KINDS: readonly IndexKind[] = ['token', 'string', 'reference', 'date', 'quantity', 'uri']
/** How much of the store a match of one value tends to leave, least first. */
const SELECTIVITY: Readonly<Record<Value['kind'], number>> = {
  reference: 1,
  uri: 3,
  string: 4,
  token: 5,
  'token-text': 8,
  quantity: 9,
  date: 9,
}
const NOT_DRIVING = 9

/** All criteria on the current resources `r` of these types that the scope covers. */
export function criteriaSql(
  criteria: readonly Criterion[],
  types: readonly string[] | null,
  scope: Scope,
  r: string,
): Sql {
  const ranked = [...criteria].sort((a, b) => rank(a) - rank(b))
  const [first] = ranked
  const driven = first !== undefined && rank(first) < NOT_DRIVING
  const conditions = ranked.map((criterion, at) => criterionSql(criterion, scope, r, driven && at === 0))
  return allOf([typeSql(types, r, driven), ...conditions, scopeSql(scope, r)])
}

/** The unary plus keeps the database from scanning a type when a driver is there. */
function typeSql(types: readonly string[] | null, r: string, driven: boolean): Sql {
  const type = driven ? sql`+${column(r, 'type')}` : column(r, 'type')
  const state = driven ? sql`+${column(r, 'state')}` : column(r, 'state')
  const current = sql`${state} = ${STATE.current}`
  if (types === null) return current
  const numbers = types.map(typeNumber)
  return allOf([numbers.length === 1 ? sql`${type} = ${numbers[0]}` : sql`${type} IN ${list(numbers)}`, current])
}

function rank(criterion: Criterion): number {
  switch (criterion.kind) {
    case 'id':
      return criterion.negated ? NOT_DRIVING : 0
    case 'compartment':
      return 1
    case 'values': {
      if (criterion.negated || criterion.values.length === 0) return NOT_DRIVING
      const ranks = criterion.values.map((value) => SELECTIVITY[value.kind])
      // A token of many resources (a status) drives worse than a chain.
      return Math.max(...ranks)
    }
    case 'chain':
    case 'has':
      return 2
    case 'composite':
      return 6
    default:
      return NOT_DRIVING
  }
}

function criterionSql(criterion: Criterion, scope: Scope, r: string, drives: boolean): Sql {
  switch (criterion.kind) {
    case 'id': {
      const found = sql`${column(r, 'id')} IN ${among(criterion.ids)}`
      return criterion.negated ? sql`NOT (${found})` : found
    }
    case 'updated':
      return anyOf(
        criterion.values.map(({ prefix, startMs, endMs }) => {
          const at = column(r, 'updated_ms')
          return rangeSql(prefix, at, at, startMs, endMs)
        }),
      )
    case 'never':
      return criterion.never ? FALSE : TRUE
    case 'missing':
      return missingSql(criterion.uses, criterion.missing, r)
    case 'values':
      return valuesSql(criterion, r, drives)
    case 'composite':
      return compositeSql(criterion, r, drives)
    case 'chain':
      return anyOf(criterion.links.map((link) => chainSql(link.uses, link.type, link.criterion, scope, r, drives)))
    case 'has':
      return hasSql(criterion.uses, criterion.type, criterion.criterion, scope, r)
    case 'compartment':
      return compartmentSql(criterion.patient, r)
    case 'clinical':
      return clinicalSql(criterion.startMs, criterion.endMs, r)
  }
}

/** Rows of an index table that match, as a condition on `r`. */
function rowsSql(kind: IndexKind, condition: Sql, r: string, drives: boolean): Sql {
  if (condition === FALSE) return FALSE
  const table = sql.table(`vault_${kind}`)
  return drives
    ? sql`${column(r, 'key')} IN (SELECT t.resource FROM ${table} t WHERE ${condition})`
    : sql`EXISTS (SELECT 1 FROM ${table} t WHERE t.resource = ${column(r, 'key')} AND ${condition})`
}

function valuesSql({ uses, values, negated }: ValuesCriterion, r: string, drives: boolean): Sql {
  const byKind = new Map<IndexKind, Sql[]>()
  const access = drives && !negated ? 'by-value' : 'by-resource'
  const add = (kind: IndexKind, condition: Sql): void => {
    const conditions = byKind.get(kind)
    if (conditions) conditions.push(condition)
    else byKind.set(kind, [condition])
  }
  const references = new Map<string, ReferenceValue[]>()
  for (const value of values) {
    if (value.kind !== 'reference') add(tableOf(value), rowSql(uses, value, access))
    else references.set(value.types.join(), [...(references.get(value.types.join()) ?? []), value])
  }
  for (const [first, ...others] of references.values()) {
    if (!first) continue
    const ids = [first, ...others].map(({ id }) => id)
    add('reference', referencesSql(uses, first.types, ids, access))
  }
  const found = anyOf([...byKind].map(([kind, conditions]) => rowsSql(kind, anyOf(conditions), r, drives && !negated)))
  if (!negated) return found
  return found === FALSE ? TRUE : sql`NOT (${found})`
}

/** A value is there when any table has a row under the paths: references stand in several. */
function missingSql(uses: readonly PathUse[], missing: boolean, r: string): Sql {
  const present = anyOf(KINDS.map((kind) => rowsSql(kind, pathSql(uses, 'by-resource'), r, false)))
  return missing ? sql`NOT (${present})` : present
}

function compositeSql({ alternatives }: CompositeCriterion, r: string, drives: boolean): Sql {
  return anyOf(
    alternatives.map((components) => {
      const [first, ...rest] = components
      if (!first) return FALSE
      const others = rest.map(({ uses, value, correlated }) => {
        const table = sql.table(`vault_${tableOf(value)}`)
        const together = correlated && first.correlated ? sql` AND t.place = c.place` : sql``
        return sql`EXISTS (SELECT 1 FROM ${table} t
          WHERE t.resource = c.resource${together} AND ${rowSql(uses, value, 'by-resource')})`
      })
      // The first component's rows are read as `t` inside, and known as `c` to the others.
      const table = sql.table(`vault_${tableOf(first.value)}`)
      const rows = sql`(SELECT t.resource, t.place FROM ${table} t WHERE ${
        drives ? TRUE : sql`t.resource = ${column(r, 'key')}`
      } AND ${rowSql(first.uses, first.value, drives ? 'by-value' : 'by-resource')})`
      const from = sql`FROM ${rows} c WHERE ${allOf(others)}`
      return drives ? sql`${column(r, 'key')} IN (SELECT c.resource ${from})` : sql`EXISTS (SELECT 1 ${from})`
    }),
  )
}

/** A name for the resource one link further, so that nested queries do not shadow each other. */
function inner(r: string): string {
  return `${r}x`
}

function chainSql(
  uses: readonly PathUse[],
  type: string,
  criterion: Criterion,
  scope: Scope,
  r: string,
  drives: boolean,
): Sql {
  const target = sql.raw(drives ? 't.target' : '+t.target')
  const path = pathSql(uses, drives ? 'by-value' : 'by-resource')
  return rowsSql('reference', allOf([path, sql`${target} IN ${farSql(type, criterion, scope, r)}`]), r, drives)
}

function hasSql(uses: readonly PathUse[], type: string, criterion: Criterion, scope: Scope, r: string): Sql {
  return sql`${column(r, 'key')} IN (SELECT t.target FROM vault_reference t
    WHERE ${pathSql(uses, 'by-resource')} AND t.resource IN ${farSql(type, criterion, scope, r)})`
}

/** The covered resources at the other end of a link that satisfy the criterion. */
function farSql(type: string, criterion: Criterion, scope: Scope, r: string): Sql {
  const far = inner(r)
  return sql`(SELECT ${column(far, 'key')} FROM vault_resource ${sql.raw(far)}
    WHERE ${criteriaSql([criterion], [type], scope, far)})`
}

export function compartmentSql(patient: string, r: string): Sql {
  const key = keySql(`Patient/${patient}`)
  return sql`${column(r, 'key')} IN (SELECT key FROM vault_resource WHERE patient = ${key}
    UNION SELECT resource FROM vault_shared WHERE patient = ${key})`
}

function clinicalSql(startMs: number | null, endMs: number | null, r: string): Sql {
  const start = column(r, 'clinical_start_ms')
  const overlaps: Sql[] = []
  if (startMs !== null) overlaps.push(sql`${column(r, 'clinical_end_ms')} >= ${startMs}`)
  if (endMs !== null) overlaps.push(sql`${start} <= ${endMs}`)
  return anyOf([sql`${start} IS NULL`, allOf(overlaps)])
}

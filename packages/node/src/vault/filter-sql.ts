/**
 * Filters and scopes of permits as SQL conditions over the index. Conditions are true or false, never null, so that
 * `NOT` means what it says. A unary plus keeps the database from the index of values where the few rows of one
 * resource are to be read. `filter-memory.ts` evaluates the same filters over facts; a property test compares.
 */
import type { Code, DataFilter } from '../consent/filter.ts'
import { CONFIDENTIALITY_SYSTEM, NORMAL } from '../consent/labels.ts'
import type { Scope } from '../consent/permit.ts'
import { allOf, among, anyOf, column, FALSE, list, type Sql, sql, TRUE } from '../db/sql.ts'
import { typeNumber } from './definitions/definitions.ts'
import { DIRECTORY_TYPES } from './directories.ts'
import { AUTHOR, HELD_LABEL } from './index/extract.ts'
import { LABEL } from './schema.ts'

/** The number of a resource named `Type/id`, as a subquery; null for one that nothing knows. */
export function keySql(reference: string): Sql {
  const slash = reference.indexOf('/')
  const type = typeNumber(reference.slice(0, slash))
  return sql`(SELECT key FROM vault_resource WHERE type = ${type} AND id = ${reference.slice(slash + 1)})`
}

/** The number of a code system, as a subquery. */
export function systemSql(uri: string): Sql {
  return sql`(SELECT id FROM vault_system WHERE uri = ${uri})`
}

/** The filter as a condition on the row of `vault_resource` with this alias. */
export function filterSql(filter: DataFilter, r: string): Sql {
  switch (filter.op) {
    case 'all':
      return TRUE
    case 'none':
      return FALSE
    case 'and':
      return allOf(filter.of.map((one) => filterSql(one, r)))
    case 'or':
      return anyOf(filter.of.map((one) => filterSql(one, r)))
    case 'not':
      return notSql(filterSql(filter.of, r))
    case 'type':
      return filter.types.length === 0 ? FALSE : sql`${column(r, 'type')} IN ${list(filter.types.map(typeNumber))}`
    case 'label':
      return labelSql(filter.labels, r)
    case 'code':
      return tokenSql(filter.codes, r, sql`t.coding = 1`)
    case 'period':
      return periodSql(filter.startMs, filter.endMs, r)
    case 'instance':
      return instanceSql(filter.reference, r)
    case 'related':
      return anyOf([instanceSql(filter.reference, r), refersSql(filter.reference, r)])
    case 'dependents':
      return anyOf([
        instanceSql(filter.reference, r),
        refersSql(filter.reference, r),
        sql`EXISTS (SELECT 1 FROM vault_reference t
          WHERE t.resource = ${keySql(filter.reference)} AND +t.target = ${column(r, 'key')})`,
      ])
    case 'author':
      return refersSql(filter.reference, r, sql` AND +t.path = ${AUTHOR}`)
  }
}

function notSql(condition: Sql): Sql {
  if (condition === TRUE) return FALSE
  return condition === FALSE ? TRUE : sql`NOT (${condition})`
}

function tokenSql(codes: readonly Code[], r: string, restriction: Sql): Sql {
  if (codes.length === 0) return FALSE
  const matches = codes.map(({ system, code }) =>
    system === undefined
      ? sql`t.code = ${code}`
      : sql`(t.code = ${code} AND t.system IS NOT NULL AND t.system = ${systemSql(system)})`,
  )
  return sql`EXISTS (SELECT 1 FROM vault_token t
    WHERE t.resource = ${column(r, 'key')} AND ${restriction} AND ${anyOf(matches)})`
}

function labelSql(labels: readonly Code[], r: string): Sql {
  const labelled = tokenSql(labels, r, sql`+t.path = ${HELD_LABEL}`)
  const found = sql`(${column(r, 'label')} <> ${LABEL.none} AND ${labelled})`
  const normal = labels.some(({ system, code }) => {
    return code === NORMAL && (system === undefined || system === CONFIDENTIALITY_SYSTEM)
  })
  return normal ? anyOf([sql`${column(r, 'label')} <> ${LABEL.confidentiality}`, found]) : found
}

function periodSql(startMs: number | null, endMs: number | null, r: string): Sql {
  const conditions = [sql`${column(r, 'clinical_start_ms')} IS NOT NULL`]
  if (startMs !== null) conditions.push(sql`${column(r, 'clinical_end_ms')} >= ${startMs}`)
  if (endMs !== null) conditions.push(sql`${column(r, 'clinical_start_ms')} <= ${endMs}`)
  return allOf(conditions)
}

function instanceSql(reference: string, r: string): Sql {
  const slash = reference.indexOf('/')
  const type = typeNumber(reference.slice(0, slash))
  return sql`(${column(r, 'type')} = ${type} AND ${column(r, 'id')} = ${reference.slice(slash + 1)})`
}

function refersSql(reference: string, r: string, restriction: Sql = sql``): Sql {
  return sql`EXISTS (SELECT 1 FROM vault_reference t
    WHERE t.resource = ${column(r, 'key')}${restriction} AND +t.target = ${keySql(reference)})`
}

/**
 * The scope as a condition on the row of `vault_resource` with this alias. A resource that belongs to several records
 * is covered when the filter of every one of its patients covers it.
 */
export function scopeSql(scope: Scope, r: string): Sql {
  if (coversAll(scope)) return TRUE
  const covered = ownerSql(scope, r, column(r, 'patient'))
  const shared = sql`(${column(r, 'shared')} = 0 OR NOT EXISTS (SELECT 1 FROM vault_shared s
    WHERE s.resource = ${column(r, 'key')} AND NOT (${ownerSql(scope, r, column('s', 'patient'))})))`
  const owned = covered === FALSE ? FALSE : allOf([sql`${column(r, 'patient')} IS NOT NULL`, covered, shared])
  return scope.general ? anyOf([generalSql(scope, r), owned]) : owned
}

/** What belongs to nobody here: directories, and where everybody is covered also what is about somebody unknown. */
function generalSql(scope: Scope, r: string): Sql {
  const ownerless = sql`${column(r, 'patient')} IS NULL`
  if (scope.others === 'all') return ownerless
  return allOf([ownerless, sql`+${column(r, 'type')} IN ${list(DIRECTORY_TYPES.map(typeNumber))}`])
}

/** True when the scope leaves nothing out. */
export function coversAll(scope: Scope): boolean {
  return scope.others === 'all' && scope.general && [...scope.files.values()].every((filter) => filter.op === 'all')
}

function ownerSql(scope: Scope, r: string, patient: Sql): Sql {
  const byFilter = new Map<string, { readonly filter: DataFilter; readonly ids: string[] }>()
  for (const [id, filter] of scope.files) {
    const name = JSON.stringify(filter)
    const group = byFilter.get(name)
    if (group) group.ids.push(id)
    else byFilter.set(name, { filter, ids: [id] })
  }
  const conditions = [...byFilter.values()].map(({ filter, ids }) => {
    const condition = filterSql(filter, r)
    return condition === FALSE ? FALSE : allOf([sql`${patient} IN ${patientKeys(ids)}`, condition])
  })
  if (scope.others === 'all') {
    conditions.push(scope.files.size === 0 ? TRUE : sql`${patient} NOT IN ${patientKeys([...scope.files.keys()])}`)
  }
  return anyOf(conditions)
}

function patientKeys(ids: readonly string[]): Sql {
  return sql`(SELECT key FROM vault_resource WHERE type = ${typeNumber('Patient')} AND id IN ${among(ids)})`
}

/** A filter means the same in SQL and in memory. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Resource } from '@medplum/fhirtypes'
import fc from 'fast-check'
import type { Code, DataFilter } from '../consent/filter.ts'
import { ABSENT_SYSTEM, CONFIDENTIALITY_SYSTEM, SENSITIVITY_SYSTEM } from '../consent/labels.ts'
import { allRows, sql } from '../db/sql.ts'
import { typeOfNumber } from './definitions/definitions.ts'
import { covers, matches } from './filter-memory.ts'
import { filterSql, scopeSql } from './filter-sql.ts'
import { factsOf } from './index/facts.ts'
import { compartmentPatients } from './owners.ts'
import { openTestVault, type Stored, type TestVault } from './test-vault.ts'

const LOINC = 'http://loinc.org'
const DAYS = ['2020-01-01', '2020-01-05', '2020-02', '2021']
let vault: TestVault

/** A small world in which every kind of fact meets and misses. */
function world(): Stored[] {
  const resources: object[] = ['a', 'b', 'c'].map((id) => ({ resourceType: 'Patient', id }))
  resources.push({ resourceType: 'Practitioner', id: 'x' }, { resourceType: 'Organization', id: 'o' })
  let n = 0
  for (const patient of ['a', 'b', 'c']) {
    const subject = { reference: `Patient/${patient}` }
    resources.push({ resourceType: 'Encounter', id: `e${patient}`, subject, period: { start: DAYS[n % 4] } })
    for (let i = 0; i < 6; i++) {
      const security = [
        [],
        [{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }],
        [{ system: 'http://x', code: 'PSY' }],
        [{ code: 'R' }],
        [{ system: 'http://hl7.org/fhir/v3/Confidentiality', code: 'v' }],
        [{ system: CONFIDENTIALITY_SYSTEM, code: 'unknown' }],
        [{ system: 'urn:oid:2.16.840.1.113883.5.4', code: 'psy' }],
      ][n % 7]
      const meta = security?.length === 0 ? {} : { meta: { security } }
      const code = { coding: [{ system: i % 2 ? LOINC : 'http://y', code: String(n % 3) }] }
      const encounter = i % 3 === 0 ? { encounter: { reference: `Encounter/e${patient}` } } : {}
      const performer = i % 2 ? { performer: [{ reference: 'Practitioner/x' }] } : {}
      const date = n % 5 === 0 ? {} : { effectiveDateTime: DAYS[n % 4] }
      const bodySite = n % 4 ? {} : { bodySite: { coding: [{ system: LOINC, code: 'site' }] } }
      const rest = { code, ...encounter, ...performer, ...date, ...bodySite }
      resources.push({ resourceType: 'Observation', id: `o${n++}`, ...meta, subject, ...rest })
    }
  }
  const participant = ['a', 'b'].map((id) => ({ actor: { reference: `Patient/${id}` } }))
  resources.push({ resourceType: 'Appointment', id: 'shared', participant })
  resources.push({ resourceType: 'Provenance', id: 'p', target: [{ reference: 'Observation/o0' }] })
  return resources as Stored[]
}

const resources = world()
before(async () => {
  vault = await openTestVault()
  await vault.put(...resources)
})
after(() => vault.close())

const codes: fc.Arbitrary<Code> = fc.constantFrom<Code>(
  { code: '0' },
  { system: LOINC, code: '1' },
  { system: 'http://y', code: '2' },
  { system: LOINC, code: 'site' },
  { system: 'http://unknown', code: '0' },
)
const labels: fc.Arbitrary<Code> = fc.constantFrom<Code>(
  { system: CONFIDENTIALITY_SYSTEM, code: 'N' },
  { system: CONFIDENTIALITY_SYSTEM, code: 'R' },
  { system: CONFIDENTIALITY_SYSTEM, code: 'V' },
  { system: SENSITIVITY_SYSTEM, code: 'PSY' },
  { system: ABSENT_SYSTEM, code: 'R' },
  { code: 'R' },
  { code: 'N' },
  { system: 'http://x', code: 'PSY' },
)
const references = fc.constantFrom('Encounter/ea', 'Observation/o0', 'Observation/o3', 'Patient/a', 'Encounter/none')
const time = fc.option(fc.constantFrom('2020-01-03', '2020-02-10', '2021-06-01').map((day) => Date.parse(day)))
const filters: fc.Arbitrary<DataFilter> = fc.letrec<{ filter: DataFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<DataFilter>({ op: 'all' }, { op: 'none' }),
    fc.subarray(['Observation', 'Encounter', 'Patient']).map((types) => ({ op: 'type', types }) as const),
    fc.array(labels, { maxLength: 2 }).map((some) => ({ op: 'label', labels: some }) as const),
    fc.array(codes, { maxLength: 2 }).map((some) => ({ op: 'code', codes: some }) as const),
    fc.tuple(time, time).map(([startMs, endMs]) => ({ op: 'period', startMs, endMs }) as const),
    fc.record({ op: fc.constantFrom('instance', 'related', 'dependents'), reference: references }),
    fc.constantFrom('Practitioner/x', 'Practitioner/y').map((reference) => ({ op: 'author', reference }) as const),
    fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(tie('filter'), { maxLength: 3 }) }),
    tie('filter').map((of) => ({ op: 'not', of }) as const),
  ),
})).filter

const facts = resources.map((resource) => factsOf(resource, ''))
const referencesOf = (reference: string): readonly string[] =>
  facts.find(({ type, id }) => `${type}/${id}` === reference)?.references ?? []

async function selected(condition: ReturnType<typeof filterSql>): Promise<string[]> {
  const query = sql`SELECT r.type, r.id FROM vault_resource r WHERE r.state = 1 AND ${condition}`
  const rows = await allRows<{ type: number; id: string }>(vault.database.read, query)
  return rows.map((row) => `${typeOfNumber(row.type)}/${row.id}`).sort()
}

test('filters select the same resources in SQL and in memory', async () => {
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const expected = facts.filter((one) => matches(filter, one, referencesOf))
      assert.deepEqual(await selected(filterSql(filter, 'r')), expected.map(({ type, id }) => `${type}/${id}`).sort())
    }),
    { numRuns: 300 },
  )
})

test('no spelling of a restricted label is selected as normal', async () => {
  const above = ['R', 'V'].map((code) => ({ system: CONFIDENTIALITY_SYSTEM, code }))
  const kinds = [{ system: SENSITIVITY_SYSTEM, code: 'PSY' }]
  const filter: DataFilter = { op: 'not', of: { op: 'label', labels: [...above, ...kinds] } }
  const security = (one: Stored) => one.meta?.security?.[0] ?? { system: 'http://x' }
  const expected = resources.filter((one) => security(one).system === 'http://x')
  const names = expected.map(({ resourceType, id }) => `${resourceType}/${id}`).sort()
  assert.deepEqual(await selected(filterSql(filter, 'r')), names)
})

test('scopes select the same resources in SQL and in memory', async () => {
  const files = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'unknown'), filters), { maxLength: 3 })
  const scopes = fc.record({
    files: files.map((entries) => new Map(entries)),
    others: fc.constantFrom('all' as const, 'none' as const),
    general: fc.boolean(),
  })
  const patientsOf = (resource: Stored): string[] =>
    resource.resourceType === ('Provenance' as Resource['resourceType']) ? ['a'] : compartmentPatients(resource, '')
  await fc.assert(
    fc.asyncProperty(scopes, async (scope) => {
      const expected = resources.filter((resource, at) => {
        const one = facts[at]
        return one !== undefined && covers(scope, patientsOf(resource), one, referencesOf)
      })
      const names = expected.map(({ resourceType, id }) => `${resourceType}/${id}`).sort()
      assert.deepEqual(await selected(scopeSql(scope, 'r')), names)
    }),
    { numRuns: 300 },
  )
})

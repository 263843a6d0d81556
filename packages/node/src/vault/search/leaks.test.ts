/**
 * What a permit does not cover leaves no trace: under the permit, every search answers as a vault does that holds the
 * covered resources and no others.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { DataFilter } from '../../consent/filter.ts'
import type { Scope } from '../../consent/permit.ts'
import { covers } from '../filter-memory.ts'
import { factsOf } from '../index/facts.ts'
import { compartmentPatients } from '../owners.ts'
import { openTestVault, parse, permitOf, type Stored, type TestVault } from '../test-vault.ts'
import type { SearchPage } from './request.ts'

function world(): Stored[] {
  const resources: object[] = [
    { resourceType: 'Organization', id: 'org', name: 'Clinic' },
    { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Who' }] },
  ]
  for (const patient of ['a', 'b']) {
    const subject = { reference: `Patient/${patient}` }
    const managingOrganization = { reference: 'Organization/org' }
    resources.push({
      resourceType: 'Patient',
      id: patient,
      gender: patient === 'a' ? 'male' : 'female',
      managingOrganization,
    })
    for (let n = 0; n < 4; n++) {
      const id = `${patient}${n}`
      const encounter = { reference: `Encounter/${id}` }
      const code = { coding: [{ code: `c${n % 2}` }] }
      resources.push(
        {
          resourceType: 'Encounter',
          id,
          status: n % 2 ? 'finished' : 'planned',
          subject,
          period: { start: `202${n}` },
        },
        { resourceType: 'Condition', id, subject, code, encounter, onsetDateTime: `202${n}` },
        {
          resourceType: 'Observation',
          id,
          status: 'final',
          code,
          subject,
          encounter,
          effectiveDateTime: `202${n}`,
          valueQuantity: { value: n },
          performer: [{ reference: 'Practitioner/doc' }],
          ...(n > 0 && {
            hasMember: [{ reference: `Observation/${patient}${n - 1}` }],
            focus: [{ reference: `Condition/${id}` }],
          }),
          ...(n === 3 && { meta: { security: [{ code: 'secret' }] } }),
        },
        {
          resourceType: 'Provenance',
          id,
          recorded: '2020-01-01T00:00:00Z',
          target: [{ reference: `Observation/${id}` }],
        },
      )
    }
  }
  return resources as Stored[]
}

const notSecret = { op: 'not', of: { op: 'label', labels: [{ code: 'secret' }] } } as const
const SCOPES: readonly Scope[] = [true, false].flatMap((general): Scope[] => [
  { files: new Map([['a', { op: 'type', types: ['Observation', 'Condition'] }]]), others: 'none', general },
  {
    files: new Map([
      ['a', { op: 'and', of: [{ op: 'type', types: ['Observation', 'Encounter', 'Patient'] }, notSecret] }],
    ]),
    others: 'none',
    general,
  },
  {
    files: new Map<string, DataFilter>([
      ['a', { op: 'none' }],
      ['b', notSecret],
    ]),
    others: 'all',
    general,
  },
])

const resources = world()
let whole: TestVault
const covered: TestVault[] = []

before(async () => {
  whole = await openTestVault()
  await whole.put(...resources)
  const references = (name: string) =>
    factsOf(resources.find(({ resourceType, id }) => `${resourceType}/${id}` === name) as Stored, '').references
  for (const scope of SCOPES) {
    const vault = await openTestVault()
    covered.push(vault)
    const ownersOf = (resource: Stored) =>
      resource.resourceType === 'Provenance' ? [resource.id.charAt(0)] : compartmentPatients(resource, '')
    await vault.put(...resources.filter((one) => covers(scope, ownersOf(one), factsOf(one, ''), references)))
  }
})
after(async () => {
  for (const vault of [whole, ...covered]) await vault.close()
})

const TYPES = ['Observation', 'Condition', 'Encounter', 'Patient', 'Provenance', 'Organization']
const CRITERIA: Readonly<Record<string, readonly string[]>> = {
  Observation: [
    'patient=a',
    'subject=Patient/b',
    'patient.gender=male',
    'subject:Patient.organization.name=clinic',
    'encounter.status=finished',
    'encounter:missing=true',
    'has-member.code=c0',
    'has-member.encounter.status=planned',
    'focus:Condition.encounter.status=finished',
    '_has:Provenance:target:_id=a1,b1',
    '_has:Observation:has-member:code=c1',
    'performer:Practitioner.name=who',
    'code=c0',
    'code:not=c0',
    'date=ge2021',
    'value-quantity=gt1',
    '_security=secret',
    '_security:not=secret',
  ],
  Condition: [
    'code=c1',
    'patient.gender=female',
    'encounter.status=finished',
    '_has:Observation:focus:code=c1',
    'onset-date=lt2022',
  ],
  Encounter: [
    'status=finished',
    '_has:Observation:encounter:code=c0',
    '_has:Condition:encounter:_has:Observation:focus:code=c1',
  ],
  Patient: [
    'gender=male',
    '_has:Observation:patient:code=c0',
    '_has:Encounter:patient:status=finished',
    'organization.name=clinic',
  ],
  Provenance: ['target=Observation/a3', 'target:Observation.code=c1', 'patient=a'],
  Organization: [
    'name=cli',
    '_has:Patient:organization:gender=male',
    '_has:Patient:organization:_has:Observation:patient:code=c1',
  ],
}
const CONTROLS = [
  '_include=*',
  '_include=Observation:subject',
  '_include=Observation:encounter&_include:iterate=Encounter:*',
  '_include:iterate=Observation:has-member',
  '_revinclude=Observation:encounter',
  '_revinclude=*',
  '_revinclude:iterate=Provenance:target&_revinclude=Observation:subject',
  '_sort=-_id',
  '_sort=_lastUpdated',
  '_summary=count',
  '_count=2',
  '_count=0',
]

const queries = fc
  .constantFrom(...TYPES)
  .chain((type) =>
    fc
      .tuple(fc.subarray([...(CRITERIA[type] ?? [])], { maxLength: 2 }), fc.subarray(CONTROLS, { maxLength: 3 }))
      .map(([criteria, controls]) => `${type}?${[...criteria, ...controls].join('&')}`),
  )

function shape(page: SearchPage): unknown {
  const names = (versions: SearchPage['matches']) => versions.map(({ type, id }) => `${type}/${id}`).sort()
  return { total: page.total, more: page.next !== null, matches: names(page.matches), included: names(page.included) }
}

test('searches answer as if nothing else were there', async () => {
  await fc.assert(
    fc.asyncProperty(queries, fc.nat(SCOPES.length - 1), async (query, at) => {
      const scope = SCOPES[at] as Scope
      const under = await whole.search(query, permitOf(scope))
      assert.deepEqual(shape(under), shape(await (covered[at] as TestVault).search(query)))
    }),
    { numRuns: 600 },
  )
})

test('reads, history and everything answer as if nothing else were there', async () => {
  for (const [at, scope] of SCOPES.entries()) {
    const permit = permitOf(scope)
    const alone = covered[at] as TestVault
    for (const { resourceType, id } of resources) {
      const under = await whole.reader.read(permit, resourceType, id)
      const there = await alone.reader.read(permitOf(), resourceType, id)
      assert.equal(under === undefined, there === undefined, `${resourceType}/${id}`)
    }
    const under = await whole.reader.history(permit, { count: 1000 })
    assert.equal(under.total, (await alone.reader.history(permitOf(), { count: 1000 })).total)
    const record = await whole.reader.everything(permit, 'a', parse('?_count=1000'))
    const other = await alone.reader.everything(permitOf({ general: scope.general }), 'a', parse('?_count=1000'))
    assert.deepEqual(shape(record), shape(other))
  }
})

/** Search semantics of FHIR R4 section 3.1.1, on a small hand-made store. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isSalusError } from '@salus/core'
import type { DataFilter } from '../../consent/filter.ts'
import { BASE_URL, namesOf, openTestVault, parse, permitOf, type TestVault } from '../test-vault.ts'
import { parseEverything, parseSearch } from './parse.ts'

const LOINC = 'http://loinc.org'
let vault: TestVault

before(async () => {
  vault = await openTestVault({ baseUrl: BASE_URL })
  const subject = { reference: 'Patient/p1' }
  const quantity = (value: number, more: object = {}) => ({
    valueQuantity: { value, unit: 'mg', system: 'http://u', code: 'mg', ...more },
  })
  const coding = (code: string, display?: string, system = LOINC) => ({
    coding: [{ system, code, ...(display && { display }) }],
  })
  const observation = (id: string, more: object) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: coding(id),
    subject,
    ...more,
  })
  await vault.put(
    { resourceType: 'Organization', id: 'top', name: 'Top' },
    { resourceType: 'Organization', id: 'org', name: 'Clinic', partOf: { reference: 'Organization/top' } },
    {
      resourceType: 'Patient',
      id: 'p1',
      active: true,
      meta: { tag: [{ system: 'http://t', code: 'x' }], profile: ['http://p/one|1.0'] },
      identifier: [
        { system: 'http://mrn', value: '1|2', type: coding('MR', undefined, 'http://v2') },
        { value: 'bare' },
      ],
      name: [{ family: 'Müller', given: ['Ana Maria', 'Zoë'] }],
      telecom: [
        { system: 'email', value: 'a@x.org' },
        { system: 'phone', value: '555' },
      ],
      gender: 'female',
      birthDate: '1980-03',
      address: [{ city: 'Zürich, Nord', postalCode: '8050' }],
      managingOrganization: { reference: 'Organization/org' },
    },
    {
      resourceType: 'Patient',
      id: 'p2',
      name: [{ family: 'Muller-Smith' }],
      gender: 'male',
      birthDate: '1980-03-15',
      deceasedDateTime: '2020-01-01',
      generalPractitioner: [{ reference: 'http://elsewhere.example/Practitioner/9' }],
      managingOrganization: { identifier: { system: 'http://npi', value: '77' } },
    },
    { resourceType: 'Patient', id: 'p3', deceasedBoolean: false },
    {
      resourceType: 'Encounter',
      id: 'e1',
      status: 'finished',
      class: { code: 'AMB' },
      subject,
      period: { start: '2020-05-01T10:00:00Z', end: '2020-05-03T10:00:00Z' },
    },
    observation('q100', {
      ...quantity(100),
      effectiveDateTime: '2020-05-01T12:30:00Z',
      encounter: { reference: 'Encounter/e1' },
    }),
    observation('q99', {
      ...quantity(99.6),
      hasMember: [{ reference: 'Observation/bp' }],
      effectiveDateTime: '2020-05-01',
    }),
    observation('q5', { ...quantity(5, { comparator: '<' }), effectivePeriod: { start: '2020-04-01' } }),
    observation('q9', { valueQuantity: { value: 9, unit: 'kg' }, code: coding('q9', 'Body weight') }),
    observation('concept', {
      valueCodeableConcept: coding('pos', 'Positive', 'http://r'),
      method: { text: 'By Hand' },
    }),
    observation('bp', {
      component: [
        { code: coding('sys'), ...quantity(120) },
        { code: coding('dia'), ...quantity(80) },
      ],
    }),
    observation('other', { subject: { reference: 'Patient/p2' }, status: 'amended' }),
    { resourceType: 'ValueSet', id: 'vs', url: 'http://acme.org/fhir/ValueSet/123', status: 'active' },
    { resourceType: 'RiskAssessment', id: 'r', status: 'final', subject, prediction: [{ probabilityDecimal: 0.8 }] },
    {
      resourceType: 'Provenance',
      id: 'prov',
      target: [{ reference: 'Observation/q100/_history/1' }],
      recorded: '2020-05-01T12:30:00Z',
      agent: [{ who: { reference: 'Organization/org' } }],
    },
  )
})
after(() => vault.close())

const CASES: readonly (readonly [query: string, ...ids: string[]])[] = [
  // string: starts with, without case and accents; exact; contains
  ['Patient?name=mull', 'p1', 'p2'],
  ['Patient?family=MÜLLER', 'p1', 'p2'],
  ['Patient?family:exact=Müller', 'p1'],
  ['Patient?family:exact=Muller'],
  ['Patient?family:contains=smi', 'p2'],
  ['Patient?given=maria'],
  ['Patient?given=zoe,nobody', 'p1'],
  ['Patient?address=zurich\\, n', 'p1'],
  ['Patient?address-postalcode=805', 'p1'],
  ['Patient?name=mull&gender=male', 'p2'],
  // blanks at the ends of what is contained count, as one
  ['Patient?given:contains=ana ', 'p1'],
  ['Patient?given:contains=ana%20%20Mar', 'p1'],
  ['Patient?given:contains= maria', 'p1'],
  ['Patient?given:contains=maria '],
  ['Patient?_id=|p1', 'p1'],
  ['Patient?_id=urn:x|p1'],
  ['Patient?name=100%25'],
  // token
  ['Patient?gender=male,female', 'p1', 'p2'],
  ['Patient?gender=http://hl7.org/fhir/administrative-gender|male', 'p2'],
  ['Patient?gender=http://wrong|male'],
  ['Patient?gender=|male', 'p2'],
  ['Patient?gender:not=male', 'p1', 'p3'],
  ['Patient?gender:missing=true', 'p3'],
  ['Patient?gender:missing=false', 'p1', 'p2'],
  ['Patient?identifier=http://mrn|1\\|2', 'p1'],
  ['Patient?identifier=http://mrn|', 'p1'],
  ['Patient?identifier=|bare', 'p1'],
  ['Patient?identifier=|1\\|2'],
  ['Patient?identifier=1\\|2', 'p1'],
  ['Patient?identifier:of-type=http://v2|MR|1\\|2', 'p1'],
  ['Patient?email=a@x.org', 'p1'],
  ['Patient?phone=a@x.org'],
  ['Patient?telecom=555', 'p1'],
  ['Patient?active=true', 'p1'],
  ['Patient?deceased=true', 'p2'],
  ['Patient?deceased=false', 'p1', 'p3'],
  ['Observation?code:text=body', 'q9'],
  ['Observation?method:text=by hand', 'concept'],
  ['Observation?combo-code=sys,q9', 'q9', 'bp'],
  ['Observation?value-concept=http://r|pos', 'concept'],
  ['Patient?_tag=http://t|x', 'p1'],
  ['Patient?_profile=http://p/one|1.0', 'p1'],
  ['Patient?_id=p1,p3', 'p1', 'p3'],
  // date: ranges against ranges
  ['Patient?birthdate=1980-03', 'p1', 'p2'],
  ['Patient?birthdate=1980-03-15', 'p2'],
  ['Patient?birthdate=ne1980-03-15', 'p1'],
  ['Patient?birthdate=gt1980-03-15', 'p1'],
  ['Patient?birthdate=ge1980-03-15', 'p1', 'p2'],
  ['Patient?birthdate=lt1980-03-15', 'p1'],
  ['Patient?birthdate=sa1980-02', 'p1', 'p2'],
  ['Patient?birthdate=eb1980-03-16', 'p2'],
  ['Patient?birthdate=ap1980', 'p1', 'p2'],
  ['Patient?birthdate=ge1980&birthdate=lt1981', 'p1', 'p2'],
  ['Observation?date=2020-05-01', 'q100', 'q99'],
  ['Observation?date=ge2021', 'q5'],
  ['Observation?date=lt2020-05', 'q5'],
  ['Observation?date=2020-05-01T12:30:00Z', 'q100'],
  ['Encounter?date=2020-05', 'e1'],
  ['Encounter?date=2020-05-02'],
  ['Encounter?date=ap2020-05-02', 'e1'],
  ['Encounter?date=gt2020-05-02', 'e1'],
  ['Encounter?date=sa2020-05-02'],
  // number and quantity: precision
  ['Observation?value-quantity=100|http://u|mg', 'q100', 'q99'],
  ['Observation?value-quantity=100.0', 'q100'],
  ['Observation?value-quantity=1e2', 'q100', 'q99'],
  ['Observation?value-quantity=gt99.6', 'q100'],
  ['Observation?value-quantity=ge99.6||mg', 'q100', 'q99'],
  ['Observation?value-quantity=lt9', 'q5'],
  ['Observation?value-quantity=9||kg', 'q9'],
  ['Observation?value-quantity=9|http://u|kg'],
  ['Observation?value-quantity=ap10', 'q9'],
  ['Observation?value-quantity=ne100', 'q5', 'q9'],
  ['RiskAssessment?probability=0.8', 'r'],
  ['RiskAssessment?probability=gt0.8'],
  ['RiskAssessment?probability=0.80', 'r'],
  // composite
  ['Observation?component-code-value-quantity=sys$gt100', 'bp'],
  ['Observation?component-code-value-quantity=dia$gt100'],
  ['Observation?combo-code-value-quantity=http://loinc.org|q100$gt1', 'q100'],
  ['Observation?code-value-quantity=q100$lt1'],
  ['Observation?code-value-concept=concept$http://r|pos', 'concept'],
  // uri
  ['ValueSet?url=http://acme.org/fhir/ValueSet/123', 'vs'],
  ['ValueSet?url=http://acme.org/fhir'],
  ['ValueSet?url:below=http://acme.org/fhir', 'vs'],
  ['ValueSet?url:below=http://acme.org/fh'],
  ['ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5', 'vs'],
  // reference
  ['Observation?subject=Patient/p2', 'other'],
  ['Observation?patient=p2', 'other'],
  ['Observation?subject=http://here.example/fhir/Patient/p2', 'other'],
  ['Observation?subject:Patient=p2', 'other'],
  ['Observation?subject:Group=p2'],
  ['Patient?general-practitioner=http://elsewhere.example/Practitioner/9', 'p2'],
  ['Patient?organization:identifier=http://npi|77', 'p2'],
  ['Patient?organization:missing=true', 'p3'],
  ['Provenance?target=Observation/q100', 'prov'],
  // chains
  ['Observation?subject:Patient.family=muller-smith', 'other'],
  ['Observation?patient.gender=male', 'other'],
  ['Observation?subject.name=muller-smith', 'other'],
  ['Observation?patient.organization.name=clinic&code=q9', 'q9'],
  ['Observation?patient.organization.partof.name=top&code=q9', 'q9'],
  ['Observation?encounter.class=AMB', 'q100'],
  ['Patient?_has:Observation:patient:status=amended', 'p2'],
  ['Patient?_has:Observation:patient:_has:Provenance:target:agent=Organization/org', 'p1'],
  ['Organization?_has:Patient:organization:_has:Observation:patient:code=q9', 'org'],
  ['Observation?has-member.code=bp', 'q99'],
  ['Encounter?_has:Observation:encounter:value-quantity=gt50', 'e1'],
]

for (const [query, ...ids] of CASES) {
  test(query, async () => {
    const found = await vault.search(query)
    assert.deepEqual(found.matches.map(({ id }) => id).sort(), [...ids].sort())
    assert.equal(found.total, ids.length)
    const counted = await vault.search(`${query}&_summary=count`)
    assert.deepEqual([counted.total, counted.matches.length], [ids.length, 0])
  })
}

test('_lastUpdated', async () => {
  assert.equal((await vault.search('Patient?_lastUpdated=2024-01-15')).total, 3)
  assert.equal((await vault.search('Patient?_lastUpdated=gt2024-01-15')).total, 0)
  assert.equal((await vault.search('?_lastUpdated=ge2024')).total, 16)
})

const REFUSED: readonly (readonly [query: string, code: string])[] = [
  ['Patient?foo=1', 'search-parameter-unknown'],
  ['Patient?name:foo=1', 'search-modifier-unsupported'],
  ['Observation?code:in=http://x', 'search-modifier-unsupported'],
  ['Patient?birthdate=yesterday', 'search-value-malformed'],
  ['Patient?birthdate=2020-02-31', 'search-value-malformed'],
  ['Observation?value-quantity=x', 'search-value-malformed'],
  ['Observation?code-value-quantity=x', 'search-value-malformed'],
  ['Patient?_content=x', 'search-parameter-unsupported'],
  ['Patient?_count=-1', 'search-value-malformed'],
  ['Patient?_sort=foo', 'search-parameter-unknown'],
  ['Patient?_include=Patient:foo', 'search-parameter-unknown'],
  ['Patient?_has:Observation:foo:code=1', 'search-parameter-unknown'],
  ['Observation?subject.foo=1', 'search-parameter-unknown'],
  ['Observation?has-member.has-member.has-member.has-member.has-member.code=1', 'search-chain-too-long'],
  ['Composition?subject.subject.subject.subject.code=1', 'search-chain-too-broad'],
  ['Patient?_sort=_id,_id,_id,_id,_id,_id,_id,_id,_id', 'search-too-many-parameters'],
  [`Patient?_id=${'a,'.repeat(257)}`, 'search-too-many-values'],
  [`Patient?${'_id=a&'.repeat(65)}`, 'search-too-many-parameters'],
  [`Patient?name=${'a'.repeat(20_000)}`, 'search-too-long'],
  ['?name=x', 'search-parameter-unknown'],
]

for (const [query, code] of REFUSED) {
  test(`refused: ${query.slice(0, 60)}`, () => {
    assert.throws(
      () => parse(query),
      (error) => isSalusError(error, code),
    )
  })
}

test('lenient handling passes over unknown parameters, and says what it applied', async () => {
  const request = parseSearch(
    'Patient',
    [
      ['foo', '1'],
      ['gender', 'male'],
    ],
    { lenient: true },
  )
  assert.deepEqual(request.applied, [['gender', 'male']])
  assert.deepEqual(namesOf(await vault.reader.search(permitOf(), request)), ['Patient/p2'])
})

test(':missing asks for the element, whatever there is to find in it', async () => {
  const vault = await openTestVault()
  const patient = { reference: 'Patient/p' }
  const benefit = (id: string, more: object) => ({ resourceType: 'ExplanationOfBenefit', id, patient, ...more })
  await vault.put(
    benefit('display', { provider: { display: 'Unknown' }, careTeam: [{ sequence: 1, provider: { display: 'x' } }] }),
    benefit('contained', { provider: { reference: '#x' } }),
    benefit('literal', { provider: { reference: 'Practitioner/1' } }),
    benefit('none', {}),
    { resourceType: 'Observation', id: 'o', valueQuantity: { unit: 'kg' }, code: { coding: [{ system: 'urn:x' }] } },
  )
  const found = async (query: string) => namesOf(await vault.search(query)).map((name) => name.split('/')[1])
  assert.deepEqual(await found('ExplanationOfBenefit?provider:missing=true'), ['none'])
  assert.deepEqual(await found('ExplanationOfBenefit?provider:missing=false'), ['display', 'contained', 'literal'])
  assert.deepEqual(await found('ExplanationOfBenefit?care-team:missing=false'), ['display'])
  assert.deepEqual(await found('Observation?value-quantity:missing=false'), ['o'])
  assert.deepEqual(await found('Observation?code:missing=false'), ['o'])
  assert.deepEqual(await found('Observation?value-quantity=0'), [])
  assert.deepEqual(await found('Observation?value-concept:missing=true'), ['o'])
  await vault.close()
})

test('a modifier that a parameter does not take is refused in lenient handling too', () => {
  for (const [type, name, value] of [
    ['Patient', 'gender:contains', 'a'],
    ['Patient', 'birthdate:exact', '2000'],
    ['Patient', 'name:foo', 'a'],
    ['Patient', '_count:foo', '1'],
    ['Patient', '_sort:desc', 'name'],
    ['Patient', '_include:foo', 'Patient:organization'],
    ['Observation', 'subject:Nope', '1'],
    ['Observation', 'patient.gender:contains', 'm'],
  ] as const) {
    assert.throws(
      () => parseSearch(type, [[name, value]], { lenient: true }),
      (error) => isSalusError(error, 'search-modifier-unsupported'),
      name,
    )
  }
  assert.deepEqual(parseSearch('Patient', [['foo:exact', '1']], { lenient: true }).applied, [])
})

test('the patients that a query names', () => {
  assert.deepEqual(parse('Observation?patient=p1&subject=Patient/p2,Group/g').patients, ['p1', 'p2'])
  assert.deepEqual(parse('Patient?_id=p1').patients, ['p1'])
  assert.deepEqual(parse('Observation?code=1').patients, [])
})

test('several types at once', async () => {
  const found = await vault.search('?_type=Encounter,Observation&patient=p1&date=2020-05')
  assert.deepEqual(namesOf(found), ['Encounter/e1', 'Observation/q100', 'Observation/q99'])
  assert.deepEqual(namesOf(await vault.search('?_tag=x')), ['Patient/p1'])
})

test('sorting puts resources without a value last, either way', async () => {
  const sorted = async (sort: string) => (await vault.search(`Patient?_sort=${sort}`)).matches.map(({ id }) => id)
  assert.deepEqual(await sorted('birthdate'), ['p1', 'p2', 'p3'])
  assert.deepEqual(await sorted('-birthdate'), ['p1', 'p2', 'p3'])
  assert.deepEqual(await sorted('family'), ['p1', 'p2', 'p3'])
  assert.deepEqual(await sorted('-family'), ['p2', 'p1', 'p3'])
  assert.deepEqual(await sorted('-_id'), ['p3', 'p2', 'p1'])
  assert.deepEqual(await sorted('gender,_id'), ['p1', 'p2', 'p3'])
  assert.deepEqual(await sorted('-_lastUpdated'), ['p1', 'p2', 'p3'])
})

test('pages neither repeat nor skip, while resources come and go', async () => {
  for (const sort of ['', '&_sort=-date,code', '&_sort=value-quantity']) {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const more: string = cursor === null ? '' : `&_cursor=${cursor}`
      const page = await vault.search(`Observation?patient=p1&_count=2${sort}${more}`)
      assert.equal(page.total, 6)
      seen.push(...page.matches.map(({ id }) => id))
      cursor = page.next
    } while (cursor !== null)
    assert.deepEqual([...seen].sort(), ['bp', 'concept', 'q100', 'q5', 'q9', 'q99'])
  }
  const { next } = await vault.search('Observation?patient=p1&_count=2')
  await assert.rejects(vault.search(`Observation?patient=p2&_cursor=${next}`), (error) =>
    isSalusError(error, 'cursor-invalid'),
  )
  await assert.rejects(vault.search('Observation?_cursor=AAAA'), (error) => isSalusError(error, 'cursor-invalid'))
})

test('includes', async () => {
  const included = async (query: string) => {
    const page = await vault.search(query)
    return page.included.map(({ type, id }) => `${type}/${id}`)
  }
  assert.deepEqual(await included('Observation?_id=q100&_include=Observation:subject'), ['Patient/p1'])
  assert.deepEqual(await included('Observation?_id=q100&_include=Observation:subject:Group'), [])
  assert.deepEqual(await included('Observation?_id=q100&_include=Observation:patient'), ['Patient/p1'])
  assert.deepEqual(await included('Observation?_id=q100&_include=*'), ['Patient/p1', 'Encounter/e1'])
  assert.deepEqual(await included('Observation?_id=q99&_include=Observation:has-member'), ['Observation/bp'])
  assert.deepEqual(await included('Patient?_id=p2&_revinclude=Observation:subject'), ['Observation/other'])
  assert.deepEqual(await included('Observation?_id=q100&_revinclude=Provenance:target'), ['Provenance/prov'])
  const iterated = 'Observation?_id=q9&_include=Observation:subject&_include:iterate=Patient:organization'
  assert.deepEqual(await included(`${iterated}&_include:iterate=Organization:partof`), [
    'Organization/top',
    'Organization/org',
    'Patient/p1',
  ])
})

test('everything of a patient', async () => {
  const all = async (query: string) => {
    const request = parseEverything([...new URLSearchParams(query)])
    return namesOf(await vault.reader.everything(permitOf(), 'p1', request)).sort()
  }
  const record = await all('')
  assert.ok(record.includes('Patient/p1') && record.includes('Provenance/prov') && record.includes('Organization/org'))
  assert.ok(!record.includes('Observation/other') && !record.includes('Patient/p2'))
  assert.deepEqual(await all('_type=Encounter,Patient'), ['Encounter/e1', 'Patient/p1'])
  assert.deepEqual(await all('_type=Encounter&start=2021-01-01'), [])
  assert.deepEqual(await all('_type=Encounter&start=2020-05-02&end=2020-05-02'), ['Encounter/e1'])
  assert.deepEqual(await all('_since=2025-01-01'), [])
})

test('a compartment', async () => {
  const request = parseSearch('Observation', [['status', 'amended']], { compartment: 'p2' })
  assert.deepEqual(
    [namesOf(await vault.reader.search(permitOf(), request)), request.patients],
    [['Observation/other'], ['p2']],
  )
})

test('as many values as a search may have, of a reference to any type', async () => {
  const targets = Array.from({ length: 255 }, (_, i) => `t${i}`)
  const query = `Provenance?target=${targets},q100`
  const found = await vault.search(query)
  assert.deepEqual(namesOf(found), ['Provenance/prov'])
  const many = Array.from({ length: 8 }, () => `target=${targets},q100`).join('&')
  assert.deepEqual(namesOf(await vault.search(`Provenance?${many}`)), ['Provenance/prov'])
  assert.deepEqual(namesOf(await vault.search(`Provenance?target=${targets},Observation/q100`)), ['Provenance/prov'])
})

test('more patients than a query has parameters', async () => {
  const files = new Map(Array.from({ length: 40_000 }, (_, i) => [`n${i}`, { op: 'none' } as const]))
  const page = await vault.search('Patient?_id=p1,p2', permitOf({ files: new Map([...files, ['p2', { op: 'none' }]]) }))
  assert.deepEqual(namesOf(page), ['Patient/p1'])
})

test('a permit that says something else of each of very many patients is too broad for a search, not for a read', async () => {
  const files = new Map<string, DataFilter>(
    Array.from({ length: 20_000 }, (_, i) => [`n${i}`, { op: 'instance', reference: `Observation/x${i}` } as const]),
  )
  const permit = permitOf({ files })
  await assert.rejects(vault.search('Patient?_id=p1', permit), (error) => isSalusError(error, 'search-too-broad'))
  assert.equal((await vault.reader.read(permit, 'Organization', 'org'))?.id, 'org')
  assert.equal((await vault.reader.read(permit, 'Patient', 'p1'))?.id, 'p1')
  assert.equal((await vault.reader.vread(permit, 'Patient', 'p1', '1'))?.id, 'p1')
  assert.equal((await vault.reader.history(permit, { type: 'Patient', id: 'p1', count: 5 })).total, 1)
  const closed = permitOf({ files: new Map<string, DataFilter>([...files, ['p1', { op: 'none' }]]) })
  assert.equal(await vault.reader.read(closed, 'Patient', 'p1'), undefined)
  assert.equal(await vault.reader.vread(closed, 'Patient', 'p1', '1'), undefined)
  assert.equal((await vault.reader.history(closed, { type: 'Patient', id: 'p1', count: 5 })).total, 0)
})

/** Searches over synthetic patients against a plain evaluation in memory, by rules written a second time. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { evalFhirPath } from '@medplum/core'
import { openTestVault, type Stored, SYNTHEA_ABSENT, syntheticBundles, type TestVault } from '../test-vault.ts'

let vault: TestVault
let resources: Stored[] = []

before(async () => {
  vault = await openTestVault()
  if (SYNTHEA_ABSENT) return
  const bundles = syntheticBundles(4)
  for (const bundle of bundles) await vault.put(...bundle)
  resources = bundles.flat()
})
after(() => vault.close())

/** Each query with the FHIRPath condition that its matches meet. */
function queries(patient: string): readonly (readonly [query: string, condition: string])[] {
  const of = (element: string) => `${element}.reference = 'Patient/${patient}'`
  return [
    [`Observation?patient=${patient}`, of('subject')],
    [
      `Observation?patient=${patient}&code=http://loinc.org|8302-2`,
      `${of('subject')} and code.coding.where(code='8302-2').exists()`,
    ],
    ['Observation?code=8302-2&value-quantity=gt150', "code.coding.where(code='8302-2').exists() and value.value > 150"],
    [
      'Observation?category=vital-signs&status=final',
      "category.coding.where(code='vital-signs').exists() and status='final'",
    ],
    ['Observation?component-code=8480-6', "component.code.coding.where(code='8480-6').exists()"],
    [
      'Observation?component-code-value-quantity=8480-6$gt125',
      "component.where(code.coding.where(code='8480-6').exists() and value.value > 125).exists()",
    ],
    [
      'Observation?combo-value-quantity=lt60',
      'value.ofType(Quantity).value < 60 or component.where(value.value < 60).exists()',
    ],
    ['Observation?date=ge2015-01-01', 'effective >= @2015-01-01'],
    ['Observation?value-concept:missing=false', 'value.ofType(CodeableConcept).exists()'],
    ['Condition?clinical-status=active', "clinicalStatus.coding.where(code='active').exists()"],
    ['Condition?clinical-status:not=active', "clinicalStatus.coding.where(code='active').empty()"],
    ['Condition?abatement-date:missing=true', 'abatement.empty()'],
    ['Encounter?class=AMB', "class.code = 'AMB'"],
    ['Encounter?service-provider:missing=false', 'serviceProvider.reference.exists()'],
    ['MedicationRequest?status=active', "status = 'active'"],
    ['Immunization?vaccine-code=140', "vaccineCode.coding.where(code='140').exists()"],
    ['Patient?gender=female', "gender = 'female'"],
    ['Patient?birthdate=lt1990', 'birthDate < @1990-01-01'],
    ['Patient?deceased=true', 'deceased.exists()'],
    ['Patient?address-state=MA,Massachusetts', "address.where(state='Massachusetts' or state='MA').exists()"],
    ['Practitioner?active=true', 'active = true'],
    ['Organization?name=hospital', "name.lower().startsWith('hospital')"],
    ['Organization?name:contains=hospital', "name.lower().contains('hospital')"],
    ['Claim?use=claim', "use = 'claim'"],
    ['ExplanationOfBenefit?patient:Patient.gender=male', "patient.resolve().gender = 'male'"],
  ]
}

test('searches find what a plain evaluation finds', { skip: SYNTHEA_ABSENT }, async () => {
  const genders = new Map<string, unknown>()
  for (const one of resources) if (one.resourceType === 'Patient') genders.set(`Patient/${one.id}`, one.gender)
  const patient = resources.find(({ resourceType }) => resourceType === 'Patient') as Stored
  let matched = 0
  for (const [query, condition] of queries(patient.id)) {
    const type = query.slice(0, query.indexOf('?'))
    const expected = resources.filter((resource) => {
      if (resource.resourceType !== type) return false
      if (condition.includes('resolve()')) {
        return genders.get((resource as unknown as { patient: { reference: string } }).patient.reference) === 'male'
      }
      return evalFhirPath(condition, resource)[0] === true
    })
    const found = await vault.search(`${query}&_count=1000&_elements=id`)
    const total = found.total
    assert.equal(total, expected.length, query)
    if (total <= 1000) {
      assert.deepEqual(found.matches.map(({ id }) => id).sort(), expected.map(({ id }) => id).sort(), query)
    }
    matched += expected.length
  }
  assert.ok(matched > 1000)
})

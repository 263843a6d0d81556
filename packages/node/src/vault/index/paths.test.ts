/** The compiled paths find what a FHIRPath library finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evalFhirPathTyped, toTypedValue } from '@medplum/core'
import { definitions } from '../definitions/definitions.ts'
import { SYNTHEA_ABSENT, syntheticBundles } from '../test-vault.ts'
import { pathUses } from './paths.ts'

const EXAMPLES = [
  { resourceType: 'Patient', id: 'p', deceasedBoolean: false },
  { resourceType: 'Patient', id: 'p', deceasedDateTime: '2020' },
  {
    resourceType: 'Condition',
    id: 'c',
    onsetAge: { value: 5 },
    abatementString: 'x',
    subject: { reference: 'Patient/p' },
  },
  {
    resourceType: 'Observation',
    id: 'o',
    valueCodeableConcept: { text: 'positive' },
    component: [{ valueQuantity: { value: 1 } }, { valueCodeableConcept: { coding: [{ code: 'a' }] } }],
  },
  { resourceType: 'ValueSet', id: 'v', useContext: [{ code: { code: 'a' }, valueRange: { low: { value: 1 } } }] },
  {
    resourceType: 'PlanDefinition',
    id: 'd',
    relatedArtifact: [{ type: 'depends-on', resource: 'http://x' }, { type: 'x' }],
  },
  {
    resourceType: 'Practitioner',
    id: 'r',
    telecom: [
      { system: 'email', value: 'a' },
      { system: 'phone', value: 'b' },
    ],
  },
]

function compare(resource: { resourceType: string }): void {
  for (const { base, expression, type } of definitions.search) {
    if (
      expression === '' ||
      type === 'composite' ||
      !base.some((one) => [resource.resourceType, 'Resource', 'DomainResource'].includes(one))
    ) {
      continue
    }
    const members = expression.split(' | ').filter((member) => {
      return [resource.resourceType, 'Resource', 'DomainResource'].includes(/\w+/.exec(member)?.[0] ?? '')
    })
    if (members.length === 0) continue
    // References are not resolved here: the type of a target is checked where the reference is searched for.
    const plain = members
      .map((member) => member.replace(/\.where\(resolve\(\) is \w+\)/, ''))
      .map((member) => member.replace(/^(Resource|DomainResource)\./, `${resource.resourceType}.`))
      .join(' | ')
    const theirs = evalFhirPathTyped(plain, [toTypedValue(resource)]).map(({ value }) => JSON.stringify(value))
    const ours = new Set<string>()
    for (const { path } of pathUses(expression, resource.resourceType)) {
      path.visit(resource, (value) => ours.add(JSON.stringify(value)))
    }
    assert.deepEqual([...ours].sort(), [...new Set(theirs)].sort(), expression)
  }
}

test('examples of every construct agree with the library', () => {
  for (const example of EXAMPLES) compare(example)
})

test('synthetic records agree with the library', { skip: SYNTHEA_ABSENT }, () => {
  const seen = new Map<string, number>()
  for (const resource of syntheticBundles(6).flat()) {
    const count = seen.get(resource.resourceType) ?? 0
    seen.set(resource.resourceType, count + 1)
    if (count < 60) compare(resource)
  }
})

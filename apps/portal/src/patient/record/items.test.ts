import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observation, Resource } from '@medplum/fhirtypes'
import { itemsOf } from './items.ts'

const PRESSURE: Observation = {
  resourceType: 'Observation',
  id: '1',
  status: 'final',
  category: [{ coding: [{ code: 'vital-signs' }] }],
  code: { coding: [{ code: '85354-9' }], text: 'Blood pressure panel' },
  effectiveDateTime: '2026-01-02T10:00:00Z',
  performer: [{ reference: 'Practitioner/p' }],
  component: [
    { code: { text: 'Systolic blood pressure' }, valueQuantity: { value: 149, unit: 'mm[Hg]' } },
    { code: { text: 'Diastolic blood pressure' }, valueQuantity: { value: 89, unit: 'mm[Hg]' } },
  ],
}
const GLUCOSE: Observation = {
  resourceType: 'Observation',
  id: '2',
  status: 'final',
  meta: { security: [{ code: 'R' }] },
  category: [{ coding: [{ code: 'laboratory' }] }],
  code: { coding: [{ code: '2345-7' }], text: 'Glucose [Mass/volume] in Serum or Plasma' },
  effectiveDateTime: '2026-02-02T10:00:00Z',
  valueQuantity: { value: 240, unit: 'mg/dL' },
  referenceRange: [{ low: { value: 70 }, high: { value: 99 } }],
}
const DOCTOR: Resource = { resourceType: 'Practitioner', id: 'p', name: [{ prefix: ['Dr.'], family: 'Mensah' }] }

test('measurements have values with range and unit, the latest first, and say who measured', () => {
  const [glucose, pressure] = itemsOf([PRESSURE, DOCTOR, GLUCOSE])
  assert.deepEqual(
    [glucose?.title, glucose?.part, glucose?.isOutside, glucose?.isRestricted],
    ['Glucose', 'labs', true, true],
  )
  assert.deepEqual(glucose?.values, [{ name: 'Glucose', value: 240, unit: 'mg/dL', low: 70, high: 99 }])
  assert.deepEqual(
    [pressure?.title, pressure?.series, pressure?.performer],
    ['Blood pressure', '85354-9', 'Dr. Mensah'],
  )
  assert.deepEqual(
    pressure?.values.map(({ value, unit }) => `${value} ${unit}`),
    ['149 mmHg', '89 mmHg'],
  )
})

test('what has no part is left out, and a document of plain text is read', () => {
  const note: Resource = {
    resourceType: 'DocumentReference',
    id: '3',
    status: 'current',
    type: { text: 'Progress note' },
    content: [{ attachment: { contentType: 'text/plain; charset=utf-8', data: btoa('Better.') } }],
  }
  const items = itemsOf([note, { resourceType: 'Patient', id: '4' }])
  assert.deepEqual(
    items.map(({ part, detail }) => [part, detail]),
    [['documents', 'Better.']],
  )
})

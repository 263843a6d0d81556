/** Vital signs, in the shape of the FHIR R4 vital signs profiles. */
import { concept, LOINC } from './codes.ts'
import { type Measure, observationOf, observe, quantity } from './observe.ts'
import type { PatientRecord, Visit } from './record.ts'

const WEIGHT: Measure = { code: '29463-7', display: 'Body weight', unit: 'kg', decimals: 1 }
const HEIGHT: Measure = { code: '8302-2', display: 'Body height', unit: 'cm', decimals: 1 }
const BODY_MASS_INDEX: Measure = {
  code: '39156-5',
  display: 'Body mass index (BMI) [Ratio]',
  unit: 'kg/m2',
  decimals: 1,
}
const SYSTOLIC: Measure = { code: '8480-6', display: 'Systolic blood pressure', unit: 'mm[Hg]', decimals: 0 }
const DIASTOLIC: Measure = { code: '8462-4', display: 'Diastolic blood pressure', unit: 'mm[Hg]', decimals: 0 }
const HEART_RATE: Measure = { code: '8867-4', display: 'Heart rate', unit: '/min', decimals: 0 }
const TEMPERATURE: Measure = { code: '8310-5', display: 'Body temperature', unit: 'Cel', decimals: 1 }
const OXYGEN: Measure = {
  code: '2708-6',
  display: 'Oxygen saturation in Arterial blood',
  unit: '%',
  decimals: 0,
  low: 94,
  high: 100,
}

/** Body weight in kilograms and height in centimetres, with the index that follows from the values as reported. */
export function measureBody(record: PatientRecord, visit: Visit, weightKg: number, heightCm: number): void {
  const weight = quantity(WEIGHT, weightKg).value
  const height = quantity(HEIGHT, heightCm).value
  observe(record, visit, 'vital-signs', WEIGHT, weight)
  observe(record, visit, 'vital-signs', HEIGHT, height)
  observe(record, visit, 'vital-signs', BODY_MASS_INDEX, weight / (height / 100) ** 2)
}

/** Blood pressure as a panel of two components, in mmHg; readings scatter around the values given. */
export function measurePressure(record: PatientRecord, visit: Visit, systolic: number, diastolic: number): void {
  const scatter = record.random.normal()
  record.add({
    ...observationOf(record, visit, 'vital-signs', concept(LOINC, '85354-9', 'Blood pressure panel')),
    component: [component(SYSTOLIC, systolic + 5 * scatter), component(DIASTOLIC, diastolic + 3 * scatter)],
  })
}

export function measureHeartRate(record: PatientRecord, visit: Visit, beatsPerMinute: number): void {
  observe(record, visit, 'vital-signs', HEART_RATE, beatsPerMinute + 3 * record.random.normal())
}

/** Oxygen saturation in percent, under both codes that the vital signs profile asks for. */
export function measureOxygen(record: PatientRecord, visit: Visit, percent: number): void {
  const code = concept(LOINC, OXYGEN.code, OXYGEN.display)
  code.coding?.push({
    system: LOINC,
    code: '59408-5',
    display: 'Oxygen saturation in Arterial blood by Pulse oximetry',
  })
  observe(record, visit, 'vital-signs', OXYGEN, Math.min(100, percent + record.random.between(-1, 1)), { code })
}

export function measureTemperature(record: PatientRecord, visit: Visit, celsius: number): void {
  observe(record, visit, 'vital-signs', TEMPERATURE, celsius + 0.2 * record.random.normal())
}

function component(measure: Measure, value: number) {
  return { code: concept(LOINC, measure.code, measure.display), valueQuantity: quantity(measure, value) }
}

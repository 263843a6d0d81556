/** Measured values: one quantity, its reference range, and what the range says of it. */
import type { CodeableConcept, Observation, Reference } from '@medplum/fhirtypes'
import { concept, hl7Concept, LOINC, UCUM } from './codes.ts'
import { practitioner, type Specialty } from './directory.ts'
import { dateTime, type PatientRecord, type Visit } from './record.ts'

/** A measurement: its LOINC code, its UCUM unit, the decimals it is reported with, and its normal range. */
export interface Measure {
  readonly code: string
  readonly display: string
  readonly unit: string
  readonly decimals: number
  readonly low?: number
  readonly high?: number
}

export function quantity(measure: Measure, value: number) {
  return { value: Number(value.toFixed(measure.decimals)), unit: measure.unit, system: UCUM, code: measure.unit }
}

/** Adds one observation of `value`. */
export function observe(
  record: PatientRecord,
  visit: Visit,
  category: 'vital-signs' | 'laboratory' | 'survey',
  measure: Measure,
  value: number,
  more: Partial<Observation> = {},
): Reference<Observation> {
  return record.add<Observation>({
    ...observationOf(record, visit, category, concept(LOINC, measure.code, measure.display)),
    valueQuantity: quantity(measure, value),
    ...interpret(measure, value),
    ...more,
  })
}

/** What every observation says, without a value. */
export function observationOf(
  record: PatientRecord,
  visit: Visit,
  category: string,
  code: CodeableConcept,
  specialty: Specialty = 'family',
): Observation {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [hl7Concept('observation-category', category)],
    code,
    subject: record.subject,
    encounter: visit.encounter,
    effectiveDateTime: dateTime(visit.timeMs),
    issued: dateTime(visit.timeMs),
    performer: [practitioner(specialty)],
  }
}

function interpret({ low, high, ...measure }: Measure, value: number): Partial<Observation> {
  if (low === undefined && high === undefined) return {}
  const [code, display] =
    low !== undefined && value < low
      ? ['L', 'Low']
      : high !== undefined && value > high
        ? ['H', 'High']
        : ['N', 'Normal']
  return {
    interpretation: [hl7Concept('v3-ObservationInterpretation', code, display)],
    referenceRange: [
      {
        ...(low === undefined ? {} : { low: quantity(measure, low) }),
        ...(high === undefined ? {} : { high: quantity(measure, high) }),
      },
    ],
  }
}

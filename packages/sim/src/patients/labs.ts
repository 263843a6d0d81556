/** Laboratory results, each panel with the report that refers to its observations. */
import type { DiagnosticReport, Observation, Reference } from '@medplum/fhirtypes'
import { concept, hl7Concept, LOINC, restricted, SNOMED } from './codes.ts'
import { HOSPITAL } from './directory.ts'
import { type Measure, observationOf, observe } from './observe.ts'
import { dateTime, type PatientRecord, type Visit } from './record.ts'

const HBA1C: Measure = {
  code: '4548-4',
  display: 'Hemoglobin A1c/Hemoglobin.total in Blood',
  unit: '%',
  decimals: 1,
  low: 4,
  high: 5.6,
}
const GLUCOSE: Measure = {
  code: '2345-7',
  display: 'Glucose [Mass/volume] in Serum or Plasma',
  unit: 'mg/dL',
  decimals: 0,
  low: 70,
  high: 99,
}
const CREATININE: Measure = {
  code: '2160-0',
  display: 'Creatinine [Mass/volume] in Serum or Plasma',
  unit: 'mg/dL',
  decimals: 2,
  low: 0.6,
  high: 1.3,
}
const CHOLESTEROL: Measure = {
  code: '2093-3',
  display: 'Cholesterol [Mass/volume] in Serum or Plasma',
  unit: 'mg/dL',
  decimals: 0,
  high: 200,
}
const HDL: Measure = {
  code: '2085-9',
  display: 'Cholesterol in HDL [Mass/volume] in Serum or Plasma',
  unit: 'mg/dL',
  decimals: 0,
  low: 40,
}
const LDL: Measure = {
  code: '13457-7',
  display: 'Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation',
  unit: 'mg/dL',
  decimals: 0,
  high: 130,
}
const TRIGLYCERIDES: Measure = {
  code: '2571-8',
  display: 'Triglyceride [Mass/volume] in Serum or Plasma',
  unit: 'mg/dL',
  decimals: 0,
  high: 150,
}
const HEMOGLOBIN: Measure = {
  code: '718-7',
  display: 'Hemoglobin [Mass/volume] in Blood',
  unit: 'g/dL',
  decimals: 1,
  low: 12,
  high: 17,
}
const NT_PROBNP: Measure = {
  code: '33762-6',
  display: 'Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma',
  unit: 'pg/mL',
  decimals: 0,
  high: 450,
}

/** Glucose (mg/dL) and HbA1c (%), which follows from it: (mean glucose + 46.7) / 28.7 (Nathan et al. 2008). */
export function measureGlucose(record: PatientRecord, visit: Visit, meanGlucose: number): void {
  const results = [
    observe(record, visit, 'laboratory', GLUCOSE, meanGlucose + 8 * record.random.normal()),
    observe(record, visit, 'laboratory', HBA1C, (meanGlucose + 46.7) / 28.7),
  ]
  report(record, visit, concept(LOINC, '11502-2', 'Laboratory report'), results)
}

/** Creatinine in mg/dL. */
export function measureKidney(record: PatientRecord, visit: Visit, creatinine: number): void {
  observe(record, visit, 'laboratory', CREATININE, creatinine + 0.04 * record.random.normal())
}

/** The lipid panel in mg/dL; total cholesterol follows by Friedewald's equation. */
export function measureLipids(record: PatientRecord, visit: Visit, ldl: number, hdl: number, fat: number): void {
  const results = [
    observe(record, visit, 'laboratory', CHOLESTEROL, Math.round(ldl) + Math.round(hdl) + Math.round(fat) / 5),
    observe(record, visit, 'laboratory', LDL, ldl),
    observe(record, visit, 'laboratory', HDL, hdl),
    observe(record, visit, 'laboratory', TRIGLYCERIDES, fat),
  ]
  report(record, visit, concept(LOINC, '24331-1', 'Lipid 1996 panel - Serum or Plasma'), results)
}

/** Hemoglobin in g/dL. */
export function measureHemoglobin(record: PatientRecord, visit: Visit, hemoglobin: number): void {
  const results = [observe(record, visit, 'laboratory', HEMOGLOBIN, hemoglobin + 0.2 * record.random.normal())]
  report(record, visit, concept(LOINC, '58410-2', 'CBC panel - Blood by Automated count'), results)
}

/** NT-proBNP in pg/mL. */
export function measureHeartFailure(record: PatientRecord, visit: Visit, ntProBnp: number): void {
  observe(record, visit, 'laboratory', NT_PROBNP, ntProBnp)
}

/** A negative HIV screening test; restricted, as every HIV result is. */
export function screenForHiv(record: PatientRecord, visit: Visit): void {
  const code = concept(LOINC, '56888-1', 'HIV 1+2 Ab+HIV1 p24 Ag [Presence] in Serum or Plasma by Immunoassay')
  record.add<Observation>({
    ...observationOf(record, visit, 'laboratory', code),
    meta: restricted('HIV'),
    valueCodeableConcept: concept(SNOMED, '260385009', 'Negative'),
    interpretation: [hl7Concept('v3-ObservationInterpretation', 'NEG', 'Negative')],
  })
}

function report(
  record: PatientRecord,
  visit: Visit,
  code: DiagnosticReport['code'],
  result: Reference<Observation>[],
): void {
  record.add<DiagnosticReport>({
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: [hl7Concept('v2-0074', 'LAB', 'Laboratory')],
    code,
    subject: record.subject,
    encounter: visit.encounter,
    effectiveDateTime: dateTime(visit.timeMs),
    issued: dateTime(visit.timeMs),
    performer: [HOSPITAL],
    result,
  })
}

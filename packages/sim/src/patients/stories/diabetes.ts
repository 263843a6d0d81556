/** Type 2 diabetes, found at a check-up, brought under control over some years. */

import { diagnose, noteAllergy, perform, plan, visit, writeNote } from '../care.ts'
import { concept, SNOMED } from '../codes.ts'
import { measureGlucose, measureKidney, measureLipids } from '../labs.ts'
import { afterDays, type PatientRecord, yearsAgo } from '../record.ts'
import { prescribe, vaccinate } from '../treatment.ts'
import { measureBody, measureHeartRate, measurePressure } from '../vitals.ts'

const DIABETES = { snomed: '44054006', icd10: 'E11.9', display: 'Type 2 diabetes mellitus' }
const HYPERTENSION = { snomed: '59621000', icd10: 'I10', display: 'Essential hypertension' }
const OBESITY = { snomed: '414916001', icd10: 'E66.9', display: 'Obesity' }

export function diabetes(record: PatientRecord): void {
  const { random, person } = record
  const heightCm = (person.female ? 163 : 176) + random.between(-6, 6)
  const found = visit(record, yearsAgo(9.8), 'checkup')
  const disease = diagnose(record, found, DIABETES)
  const pressure = diagnose(record, found, HYPERTENSION)
  diagnose(record, found, OBESITY)
  prescribe(record, found, 'metformin', disease)
  prescribe(record, found, 'lisinopril', pressure)
  plan(record, found, 'Diabetes self management plan', disease, [
    'Walk for 30 minutes on five days a week',
    'Measure fasting glucose on two days a week',
    'Eye and foot examination every year',
  ])
  noteAllergy(
    record,
    found,
    'medication',
    concept(SNOMED, '91936005', 'Allergy to penicillin'),
    concept(SNOMED, '271807003', 'Eruption of skin'),
  )

  for (let halfYear = 0; halfYear < 18; halfYear += 1) {
    const now = visit(
      record,
      afterDays(yearsAgo(9.3 - halfYear / 2), random.between(-10, 10)),
      'followup',
      'family',
      disease,
    )
    // Treatment takes effect over about two years.
    const untreated = Math.exp(-halfYear / 4)
    measureBody(record, now, heightCm ** 2 * (0.0029 + 0.0004 * untreated), heightCm)
    measurePressure(record, now, 128 + 22 * untreated, 80 + 10 * untreated)
    measureHeartRate(record, now, 74)
    if (halfYear % 2 === 0) {
      measureGlucose(record, now, 140 + 90 * untreated)
      measureKidney(record, now, 0.9 + 0.02 * halfYear)
    }
    if (halfYear % 4 === 0) {
      measureLipids(record, now, 105 + 40 * untreated, 42, 150 + 60 * untreated)
      perform(record, now, concept(SNOMED, '134395001', 'Diabetic retinopathy screening'), disease)
    }
    if (halfYear % 2 === 1) vaccinate(record, now, 'influenza')
    if (halfYear === 3) writeNote(record, now, 'Glucose improves. Tolerates metformin well. Continue the plan.')
  }
}

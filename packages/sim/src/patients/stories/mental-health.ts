/** Depression and recovery. What tells of it is labelled restricted; the general practitioner's care is not. */

import { diagnose, noteAllergy, perform, plan, visit, writeNote } from '../care.ts'
import { concept, SNOMED } from '../codes.ts'
import { labelsOf } from '../directory.ts'
import { measureHemoglobin, measureLipids } from '../labs.ts'
import { type Measure, observe } from '../observe.ts'
import { afterDays, type PatientRecord, yearsAgo } from '../record.ts'
import { prescribe, vaccinate } from '../treatment.ts'
import { measureBody, measureHeartRate, measurePressure } from '../vitals.ts'

const DEPRESSION = { snomed: '370143000', icd10: 'F33.1', display: 'Major depressive disorder' }
const PHQ9: Measure = {
  code: '44261-6',
  display: 'Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]',
  unit: '{score}',
  decimals: 0,
  high: 4,
}

export function mentalHealth(record: PatientRecord): void {
  const { random, person } = record
  const heightCm = (person.female ? 166 : 179) + random.between(-6, 6)
  const first = visit(record, yearsAgo(9.7), 'checkup')
  const bee = concept(SNOMED, '424213003', 'Allergy to bee venom')
  noteAllergy(record, first, 'environment', bee, concept(SNOMED, '126485001', 'Urticaria'))
  for (let halfYear = 0; halfYear < 18; halfYear += 1) {
    const now = visit(record, afterDays(yearsAgo(9.2 - halfYear / 2), random.between(-12, 12)), 'checkup')
    measureBody(record, now, heightCm ** 2 * 0.0023 + random.normal(), heightCm)
    measurePressure(record, now, 118, 76)
    if (halfYear % 2 === 0) measureHeartRate(record, now, 70)
    if (halfYear % 6 === 0) measureLipids(record, now, 110, 52, 105)
    if (halfYear % 6 === 3) measureHemoglobin(record, now, 14)
    if (halfYear % 2 === 1) vaccinate(record, now, 'influenza')
    if (halfYear === 10) vaccinate(record, now, 'covid19')
  }
  treatDepression(record)
}

function treatDepression(record: PatientRecord): void {
  const specialty = 'psychiatry'
  const found = visit(record, yearsAgo(5.6), 'problem', specialty)
  const depression = diagnose(record, found, DEPRESSION, { specialty })
  prescribe(record, found, 'sertraline', depression, { specialty })
  plan(
    record,
    found,
    'Depression care plan',
    depression,
    ['Weekly psychotherapy', 'Regular sleep', 'Safety plan'],
    specialty,
  )
  writeNote(
    record,
    found,
    'Low mood for four months, sleeps badly. No thoughts of self-harm. Starts sertraline.',
    specialty,
  )
  for (let month = 0; month < 24; month += 2) {
    const now = visit(record, afterDays(yearsAgo(5.55), month * 30), 'followup', specialty)
    observe(record, now, 'survey', PHQ9, 3 + 15 * Math.exp(-month / 6), labelsOf(specialty))
    if (month % 4 === 0) perform(record, now, concept(SNOMED, '75516001', 'Psychotherapy'), depression, specialty)
  }
}

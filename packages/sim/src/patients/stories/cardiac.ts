/** An elder with coronary disease: an infarction, a stent, then heart failure kept in check. */

import { diagnose, noteAllergy, perform, plan, visit, writeNote } from '../care.ts'
import { concept, SNOMED } from '../codes.ts'
import { measureHeartFailure, measureKidney, measureLipids } from '../labs.ts'
import { afterDays, type PatientRecord, yearsAgo } from '../record.ts'
import { prescribe, vaccinate } from '../treatment.ts'
import { measureBody, measureHeartRate, measureOxygen, measurePressure } from '../vitals.ts'

const HYPERTENSION = { snomed: '59621000', icd10: 'I10', display: 'Essential hypertension' }
const HYPERLIPIDEMIA = { snomed: '55822004', icd10: 'E78.5', display: 'Hyperlipidemia' }
const INFARCTION = { snomed: '22298006', icd10: 'I21.4', display: 'Myocardial infarction' }
const HEART_FAILURE = { snomed: '84114007', icd10: 'I50.9', display: 'Heart failure' }

const INFARCTION_YEARS_AGO = 6.5
const FAILURE_YEARS_AGO = 3.2

export function cardiac(record: PatientRecord): void {
  const { random, person } = record
  const heightCm = (person.female ? 160 : 173) + random.between(-5, 5)
  const first = visit(record, yearsAgo(9.9), 'checkup')
  const pressure = diagnose(record, first, HYPERTENSION)
  const lipids = diagnose(record, first, HYPERLIPIDEMIA)
  prescribe(record, first, 'lisinopril', pressure)
  noteAllergy(
    record,
    first,
    'food',
    concept(SNOMED, '91935009', 'Allergy to peanut'),
    concept(SNOMED, '126485001', 'Urticaria'),
  )
  vaccinate(record, first, 'pneumococcal')

  sufferInfarction(record)
  sufferFailure(record)

  for (let halfYear = 0; halfYear < 18; halfYear += 1) {
    const years = 9.4 - halfYear / 2
    const now = visit(record, afterDays(yearsAgo(years), random.between(-12, 12)), 'followup', 'cardiology', pressure)
    const treated = years < INFARCTION_YEARS_AGO
    const failing = years < FAILURE_YEARS_AGO
    measureBody(record, now, (failing ? 82 : 79) + random.normal(), heightCm)
    measurePressure(record, now, treated ? 128 : 152, treated ? 76 : 88)
    measureHeartRate(record, now, treated ? 62 : 80)
    if (failing) measureHeartFailure(record, now, 1800 * Math.exp((years - FAILURE_YEARS_AGO) / 2))
    if (failing) measureOxygen(record, now, 95)
    if (halfYear % 3 === 0) measureLipids(record, now, treated ? 72 : 158, treated ? 48 : 41, treated ? 120 : 190)
    if (halfYear % 3 === 0) measureKidney(record, now, 1 + 0.02 * halfYear)
    if (halfYear % 2 === 1) vaccinate(record, now, 'influenza')
    if (halfYear === 9) vaccinate(record, now, 'zoster')
  }
  const last = visit(record, yearsAgo(0.2), 'checkup', 'cardiology', lipids)
  writeNote(record, last, 'Stable, walks two flights of stairs. No change of medicines.', 'cardiology')
}

function sufferInfarction(record: PatientRecord): void {
  const stay = visit(record, yearsAgo(INFARCTION_YEARS_AGO), 'inpatient', 'cardiology')
  const infarction = diagnose(record, stay, INFARCTION, { resolvedMs: afterDays(stay.timeMs, 60) })
  measureHeartRate(record, stay, 104)
  measureOxygen(record, stay, 93)
  perform(record, stay, concept(SNOMED, '29303009', 'Electrocardiographic procedure'), infarction, 'cardiology')
  perform(record, stay, concept(SNOMED, '415070008', 'Percutaneous coronary intervention'), infarction, 'cardiology')
  for (const medicine of ['aspirin', 'atorvastatin', 'metoprolol'] as const) {
    prescribe(record, stay, medicine, infarction, { specialty: 'cardiology' })
  }
  // The second platelet inhibitor ends a year after the stent.
  prescribe(record, stay, 'clopidogrel', infarction, { specialty: 'cardiology', status: 'completed' })
  plan(record, stay, 'Cardiac rehabilitation', infarction, ['Supervised exercise', 'Stop smoking', 'Low salt diet'])
}

function sufferFailure(record: PatientRecord): void {
  const stay = visit(record, yearsAgo(FAILURE_YEARS_AGO), 'emergency', 'cardiology')
  const failure = diagnose(record, stay, HEART_FAILURE)
  perform(record, stay, concept(SNOMED, '40701008', 'Echocardiography'), failure, 'cardiology')
  measureOxygen(record, stay, 90)
  measureHeartFailure(record, stay, 3200)
  prescribe(record, stay, 'furosemide', failure, { specialty: 'cardiology' })
}

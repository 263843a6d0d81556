/** Two pregnancies within ten years, the first with iron deficiency; HIV screening in each is restricted. */

import { diagnose, noteAllergy, perform, plan, visit, writeNote } from '../care.ts'
import { concept, SNOMED } from '../codes.ts'
import { measureGlucose, measureHemoglobin, screenForHiv } from '../labs.ts'
import { type Measure, observe } from '../observe.ts'
import { afterDays, type PatientRecord, yearsAgo } from '../record.ts'
import { prescribe, vaccinate } from '../treatment.ts'
import { measureBody, measureHeartRate, measurePressure } from '../vitals.ts'

const PREGNANCY = { snomed: '77386006', icd10: 'Z34.90', display: 'Pregnancy' }
const ANEMIA = { snomed: '87522002', icd10: 'D50.9', display: 'Iron deficiency anemia' }
const FETAL_HEART: Measure = {
  code: '55283-6',
  display: 'Fetal Heart rate',
  unit: '/min',
  decimals: 0,
  low: 110,
  high: 160,
}
const FUNDAL_HEIGHT: Measure = {
  code: '11881-0',
  display: 'Uterus Fundal height Tape measure',
  unit: 'cm',
  decimals: 0,
}
const TERM_DAYS = 280

export function pregnancy(record: PatientRecord): void {
  const { random } = record
  const heightCm = 165 + random.between(-7, 7)
  const weightKg = 62 + random.between(-6, 6)
  const first = visit(record, yearsAgo(9.6), 'checkup')
  measureBody(record, first, weightKg, heightCm)
  const latex = concept(SNOMED, '300916003', 'Allergy to latex')
  noteAllergy(record, first, 'environment', latex, concept(SNOMED, '418290006', 'Itching'))
  for (let year = 0; year < 9; year += 1) {
    const now = visit(record, afterDays(yearsAgo(8.9 - year), random.between(0, 30)), 'checkup')
    measurePressure(record, now, 116, 74)
    measureHeartRate(record, now, 72)
    measureBody(record, now, weightKg + 0.4 * year, heightCm)
    if (year % 2 === 0) vaccinate(record, now, 'influenza')
  }
  carry(record, yearsAgo(7.2), { heightCm, weightKg, hemoglobin: 10.4 })
  carry(record, yearsAgo(3.4), { heightCm, weightKg: weightKg + 3, hemoglobin: 12.6 })
}

interface Mother {
  readonly heightCm: number
  readonly weightKg: number
  /** In g/dL, at the first visit. */
  readonly hemoglobin: number
}

function carry(record: PatientRecord, startMs: number, mother: Mother): void {
  const born = afterDays(startMs, TERM_DAYS - record.random.between(0, 10))
  const booking = visit(record, afterDays(startMs, 56), 'prenatal', 'obstetrics')
  const pregnant = diagnose(record, booking, PREGNANCY, { resolvedMs: born })
  screenForHiv(record, booking)
  measureHemoglobin(record, booking, mother.hemoglobin)
  plan(record, booking, 'Prenatal care plan', pregnant, ['Prenatal visits', 'Ultrasound at 20 weeks', 'Birth classes'])
  if (mother.hemoglobin < 11) {
    const anemia = diagnose(record, booking, ANEMIA, { resolvedMs: born })
    prescribe(record, booking, 'ferrousSulfate', anemia, { specialty: 'obstetrics', status: 'completed' })
  }
  for (const week of [12, 16, 20, 24, 28, 32, 36, 38]) {
    const now = visit(record, afterDays(startMs, week * 7), 'prenatal', 'obstetrics', pregnant)
    measureBody(record, now, mother.weightKg + 0.4 * Math.max(0, week - 10), mother.heightCm)
    measurePressure(record, now, 112, 70)
    observe(record, now, 'vital-signs', FETAL_HEART, 144 + 5 * record.random.normal())
    if (week >= 20) observe(record, now, 'vital-signs', FUNDAL_HEIGHT, week)
    if (week === 20) perform(record, now, concept(SNOMED, '16310003', 'Ultrasonography'), pregnant, 'obstetrics')
    if (week === 24) measureGlucose(record, now, 92)
    if (week === 28) vaccinate(record, now, 'tdap')
    if (week === 36) measureHemoglobin(record, now, 12.1)
  }
  const birth = visit(record, born, 'inpatient', 'obstetrics', pregnant)
  perform(record, birth, concept(SNOMED, '177184002', 'Normal delivery procedure'), pregnant, 'obstetrics')
  observe(record, birth, 'vital-signs', FETAL_HEART, 140)
  writeNote(record, birth, 'Spontaneous vaginal delivery at term. Mother and child are well.', 'obstetrics')
}

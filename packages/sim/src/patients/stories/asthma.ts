/** A child with asthma: vaccines, growth, a night in the emergency room, then control. */

import { diagnose, noteAllergy, perform, plan, visit, writeNote } from '../care.ts'
import { concept, SNOMED } from '../codes.ts'
import { type Measure, observe } from '../observe.ts'
import { afterDays, ageAt, type PatientRecord, yearsAgo } from '../record.ts'
import { prescribe, vaccinate } from '../treatment.ts'
import { measureBody, measureHeartRate, measureOxygen, measureTemperature } from '../vitals.ts'

const ASTHMA = { snomed: '195967001', icd10: 'J45.30', display: 'Asthma' }
const RHINITIS = { snomed: '61582004', icd10: 'J30.9', display: 'Allergic rhinitis' }
const PEAK_FLOW: Measure = {
  code: '19935-6',
  display: 'Maximum expiratory gas flow Respiratory system airway by Peak flow meter',
  unit: 'L/min',
  decimals: 0,
}

export function asthma(record: PatientRecord): void {
  const { random, person } = record
  growUp(record)

  const found = visit(record, yearsAgo(6.1), 'problem', 'pediatrics')
  const disease = diagnose(record, found, ASTHMA)
  const nose = diagnose(record, found, RHINITIS)
  prescribe(record, found, 'albuterol', disease, { specialty: 'pediatrics' })
  perform(record, found, concept(SNOMED, '127783003', 'Spirometry'), disease, 'pediatrics')
  const mite = concept(SNOMED, '232350006', 'House dust mite allergy')
  noteAllergy(record, found, 'environment', mite, concept(SNOMED, '76067001', 'Sneezing'))

  const night = visit(record, afterDays(yearsAgo(4.9), random.between(0, 20)), 'emergency', 'pediatrics', disease)
  measureOxygen(record, night, 91)
  measureHeartRate(record, night, 138)
  measureTemperature(record, night, 37.9)
  prescribe(record, night, 'fluticasone', disease, { specialty: 'pediatrics' })
  writeNote(
    record,
    night,
    'Wheezing since the evening after a cold. Better after nebulised albuterol; home.',
    'pediatrics',
  )

  for (let visitNumber = 0; visitNumber < 14; visitNumber += 1) {
    const day = afterDays(yearsAgo(4.7 - visitNumber / 3), random.between(-8, 8))
    const now = visit(record, day, 'followup', 'pediatrics', visitNumber % 5 === 4 ? nose : disease)
    measureOxygen(record, now, 98)
    // Predicted flow grows with age; control comes within the first year.
    const predicted = 40 * ageAt(person.bornMs, now.timeMs)
    observe(record, now, 'vital-signs', PEAK_FLOW, predicted * (0.95 - 0.25 * Math.exp(-visitNumber / 2)))
    if (visitNumber === 0) {
      plan(record, now, 'Asthma action plan', disease, [
        'Fluticasone every day',
        'Albuterol before sport',
        'Peak flow diary',
      ])
    }
  }
}

/** Well child visits twice a year, with the growth and the vaccines of the age. */
function growUp(record: PatientRecord): void {
  const { bornMs } = record.person
  const infantVaccines = ['hepatitisB', 'dtap', 'polio', 'mmr', 'varicella'] as const
  const tall = record.random.normal()
  for (let halfYear = 0; halfYear < 18; halfYear += 1) {
    const now = visit(record, afterDays(yearsAgo(9.7), halfYear * 182), 'checkup', 'pediatrics')
    const age = ageAt(bornMs, now.timeMs)
    measureBody(record, now, 7.5 + 2.6 * age + 0.4 * tall, 70 + 6.4 * age + 2 * tall)
    measureTemperature(record, now, 36.8)
    if (halfYear < infantVaccines.length) vaccinate(record, now, infantVaccines[halfYear]!)
    else if (halfYear % 2 === 1) vaccinate(record, now, 'influenza')
  }
}

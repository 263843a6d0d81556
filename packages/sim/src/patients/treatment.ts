/** Medicines (RxNorm) and vaccines (CVX). */
import type { Condition, Immunization, MedicationRequest, Reference } from '@medplum/fhirtypes'
import { CVX, concept, RXNORM } from './codes.ts'
import { HOSPITAL, labelsOf, practitioner, type Specialty } from './directory.ts'
import { date, dateTime, type PatientRecord, type Visit } from './record.ts'

const MEDICINES = {
  albuterol: ['745679', '200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler', '2 puffs as needed for wheezing'],
  aspirin: ['243670', 'aspirin 81 MG Oral Tablet', '1 tablet daily'],
  atorvastatin: ['617310', 'atorvastatin 20 MG Oral Tablet', '1 tablet in the evening'],
  clopidogrel: ['309362', 'clopidogrel 75 MG Oral Tablet', '1 tablet daily'],
  ferrousSulfate: ['310325', 'ferrous sulfate 325 MG Oral Tablet', '1 tablet daily with food'],
  fluticasone: [
    '895994',
    '120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler',
    '2 puffs twice daily',
  ],
  furosemide: ['313988', 'furosemide 40 MG Oral Tablet', '1 tablet in the morning'],
  lisinopril: ['314076', 'lisinopril 10 MG Oral Tablet', '1 tablet daily'],
  metformin: ['860975', '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet', '2 tablets with dinner'],
  metoprolol: ['866436', '24 HR metoprolol succinate 50 MG Extended Release Oral Tablet', '1 tablet daily'],
  sertraline: ['312941', 'sertraline 50 MG Oral Tablet', '1 tablet in the morning'],
} as const

export type Medicine = keyof typeof MEDICINES

/** Prescribes a medicine for a problem. */
export function prescribe(
  record: PatientRecord,
  at: Visit,
  medicine: Medicine,
  reason: Reference<Condition>,
  {
    specialty = 'family',
    status = 'active',
  }: { readonly specialty?: Specialty; readonly status?: 'active' | 'completed' } = {},
): void {
  const [code, display, dosage] = MEDICINES[medicine]
  record.add<MedicationRequest>({
    resourceType: 'MedicationRequest',
    ...labelsOf(specialty),
    status,
    intent: 'order',
    medicationCodeableConcept: concept(RXNORM, code, display),
    subject: record.subject,
    encounter: at.encounter,
    authoredOn: dateTime(at.timeMs),
    requester: practitioner(specialty),
    reasonReference: [reason],
    dosageInstruction: [{ text: dosage }],
    dispenseRequest: { numberOfRepeatsAllowed: 3 },
  })
}

const VACCINES = {
  influenza: ['140', 'Influenza, split virus, trivalent, PF'],
  covid19: ['208', 'COVID-19, mRNA, LNP-S, PF, 30 mcg/0.3 mL dose'],
  dtap: ['20', 'DTaP'],
  hepatitisB: ['08', 'Hep B, adolescent or pediatric'],
  mmr: ['03', 'MMR'],
  pneumococcal: ['33', 'pneumococcal polysaccharide PPV23'],
  polio: ['10', 'IPV'],
  tdap: ['115', 'Tdap'],
  varicella: ['21', 'varicella'],
  zoster: ['187', 'zoster recombinant'],
} as const

export function vaccinate(record: PatientRecord, at: Visit, vaccine: keyof typeof VACCINES): void {
  const [code, display] = VACCINES[vaccine]
  record.add<Immunization>({
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: concept(CVX, code, display),
    patient: record.subject,
    encounter: at.encounter,
    occurrenceDateTime: date(at.timeMs),
    primarySource: true,
    performer: [{ actor: HOSPITAL }],
  })
}

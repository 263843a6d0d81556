/** What is found and done: visits, problems, allergies, procedures, plans and letters. */
import type { CarePlan, CodeableConcept, Condition, DocumentReference, Encounter, Reference } from '@medplum/fhirtypes'
import { concept, hl7, hl7Concept, ICD10, LOINC, SNOMED } from './codes.ts'
import { HOSPITAL, labelsOf, practitioner, type Specialty } from './directory.ts'
import { date, dateTime, type PatientRecord, type Visit } from './record.ts'

const VISIT_TYPES = {
  checkup: ['AMB', '185349003', 'Encounter for check up', 30],
  problem: ['AMB', '185347001', 'Encounter for problem', 25],
  followup: ['AMB', '390906007', 'Follow-up encounter', 20],
  prenatal: ['AMB', '424619006', 'Prenatal visit', 30],
  emergency: ['EMER', '50849002', 'Emergency room admission', 240],
  inpatient: ['IMP', '183452005', 'Emergency hospital admission', 4320],
} as const

/** Opens a visit on the day of `dayMs`, in office hours; an inpatient stay lasts three days. */
export function visit(
  record: PatientRecord,
  dayMs: number,
  kind: keyof typeof VISIT_TYPES,
  specialty: Specialty = 'family',
  reason?: Reference<Condition>,
): Visit {
  const [actClass, code, display, minutes] = VISIT_TYPES[kind]
  const timeMs = dayMs + record.random.between(8 * 4, 16 * 4) * 15 * 60_000
  const encounter = record.add<Encounter>({
    resourceType: 'Encounter',
    ...labelsOf(specialty),
    status: 'finished',
    class: hl7('v3-ActCode', actClass),
    type: [concept(SNOMED, code, display)],
    subject: record.subject,
    participant: [{ individual: practitioner(specialty) }],
    period: { start: dateTime(timeMs), end: dateTime(timeMs + minutes * 60_000) },
    ...(reason === undefined ? {} : { reasonReference: [reason] }),
    serviceProvider: HOSPITAL,
  })
  return { timeMs, encounter }
}

/** A problem, with its SNOMED CT and ICD-10-CM codes. */
export interface Problem {
  readonly snomed: string
  readonly icd10: string
  readonly display: string
}

/** Notes a problem found at a visit; `resolvedMs` ends it. */
export function diagnose(
  record: PatientRecord,
  at: Visit,
  problem: Problem,
  { resolvedMs, specialty = 'family' }: { readonly resolvedMs?: number; readonly specialty?: Specialty } = {},
): Reference<Condition> {
  const code = concept(SNOMED, problem.snomed, problem.display)
  code.coding?.push({ system: ICD10, code: problem.icd10, display: problem.display })
  return record.add<Condition>({
    resourceType: 'Condition',
    ...labelsOf(specialty),
    clinicalStatus: hl7Concept('condition-clinical', resolvedMs === undefined ? 'active' : 'resolved'),
    verificationStatus: hl7Concept('condition-ver-status', 'confirmed'),
    category: [hl7Concept('condition-category', 'problem-list-item', 'Problem List Item')],
    code,
    subject: record.subject,
    encounter: at.encounter,
    onsetDateTime: dateTime(at.timeMs),
    ...(resolvedMs === undefined ? {} : { abatementDateTime: dateTime(resolvedMs) }),
    recordedDate: dateTime(at.timeMs),
  })
}

export function noteAllergy(
  record: PatientRecord,
  at: Visit,
  category: 'food' | 'medication' | 'environment',
  substance: CodeableConcept,
  manifestation: CodeableConcept,
): void {
  record.add({
    resourceType: 'AllergyIntolerance',
    clinicalStatus: hl7Concept('allergyintolerance-clinical', 'active'),
    verificationStatus: hl7Concept('allergyintolerance-verification', 'confirmed'),
    type: 'allergy',
    category: [category],
    criticality: category === 'environment' ? 'low' : 'high',
    code: substance,
    patient: record.subject,
    recordedDate: dateTime(at.timeMs),
    reaction: [{ manifestation: [manifestation], severity: category === 'environment' ? 'mild' : 'moderate' }],
  })
}

export function perform(
  record: PatientRecord,
  at: Visit,
  procedure: CodeableConcept,
  reason?: Reference<Condition>,
  specialty: Specialty = 'family',
): void {
  record.add({
    resourceType: 'Procedure',
    ...labelsOf(specialty),
    status: 'completed',
    code: procedure,
    subject: record.subject,
    encounter: at.encounter,
    performedDateTime: dateTime(at.timeMs),
    performer: [{ actor: practitioner(specialty) }],
    ...(reason === undefined ? {} : { reasonReference: [reason] }),
  })
}

/** A plan of care for one problem, with its activities. */
export function plan(
  record: PatientRecord,
  at: Visit,
  title: string,
  addresses: Reference<Condition>,
  activities: readonly string[],
  specialty: Specialty = 'family',
): void {
  record.add<CarePlan>({
    resourceType: 'CarePlan',
    ...labelsOf(specialty),
    status: 'active',
    intent: 'plan',
    title,
    subject: record.subject,
    encounter: at.encounter,
    period: { start: date(at.timeMs) },
    author: practitioner(specialty),
    addresses: [addresses],
    activity: activities.map((description) => ({ detail: { status: 'in-progress', description } })),
  })
}

/** A short letter as plain text, kept inside the resource. */
export function writeNote(record: PatientRecord, at: Visit, text: string, specialty: Specialty = 'family'): void {
  record.add<DocumentReference>({
    resourceType: 'DocumentReference',
    ...labelsOf(specialty),
    status: 'current',
    docStatus: 'final',
    type: concept(LOINC, '11506-3', 'Progress note'),
    subject: record.subject,
    date: dateTime(at.timeMs),
    author: [practitioner(specialty)],
    custodian: HOSPITAL,
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          language: 'en',
          data: Buffer.from(text, 'utf8').toString('base64'),
          title: 'Progress note',
          creation: dateTime(at.timeMs),
        },
      },
    ],
    context: { encounter: [at.encounter], period: { start: dateTime(at.timeMs) } },
  })
}

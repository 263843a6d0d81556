/** What of a record can be shared, in words, and which FHIR resource types that is. */
import { messages } from '../../i18n/language.tsx'
import type { IconName, Tone } from '../../ui/icon.tsx'

export const CATEGORIES = [
  'person',
  'measurements',
  'conditions',
  'allergies',
  'medications',
  'immunizations',
  'procedures',
  'visits',
  'documents',
] as const
export type Category = (typeof CATEGORIES)[number]

interface CategoryLook {
  readonly types: readonly string[]
  readonly icon: IconName
  readonly tone: Tone
}

export const CATEGORY_LOOKS: Readonly<Record<Category, CategoryLook>> = {
  person: { types: ['Patient'], icon: 'person', tone: 'brand' },
  measurements: { types: ['Observation', 'DiagnosticReport'], icon: 'pulse', tone: 'vitals' },
  conditions: { types: ['Condition', 'CarePlan'], icon: 'stethoscope', tone: 'conditions' },
  allergies: { types: ['AllergyIntolerance'], icon: 'alert', tone: 'warn' },
  medications: {
    types: ['MedicationRequest', 'MedicationDispense', 'MedicationStatement', 'MedicationAdministration'],
    icon: 'pill',
    tone: 'medications',
  },
  immunizations: { types: ['Immunization'], icon: 'syringe', tone: 'immunizations' },
  procedures: { types: ['Procedure'], icon: 'scissors', tone: 'procedures' },
  visits: { types: ['Encounter'], icon: 'visit', tone: 'visits' },
  documents: { types: ['DocumentReference', 'Composition'], icon: 'document', tone: 'documents' },
}

export const categoryMessages = messages({
  en: {
    person: 'Name and contact details',
    measurements: 'Vital signs and lab results',
    conditions: 'Conditions and plans',
    allergies: 'Allergies',
    medications: 'Medications',
    immunizations: 'Vaccinations',
    procedures: 'Procedures',
    visits: 'Visits',
    documents: 'Documents',
    other: 'Other entries',
  },
  de: {
    person: 'Name und Kontakt',
    measurements: 'Vital- und Laborwerte',
    conditions: 'Diagnosen und Pläne',
    allergies: 'Allergien',
    medications: 'Medikamente',
    immunizations: 'Impfungen',
    procedures: 'Eingriffe',
    visits: 'Besuche',
    documents: 'Dokumente',
    other: 'Weitere Einträge',
  },
})

export function typesOf(categories: readonly Category[]): readonly string[] {
  return categories.flatMap((category) => CATEGORY_LOOKS[category].types)
}

/** The categories of which all types, or any, are among `types`; all of them for an empty list, which means all. */
export function categoriesOf(types: readonly string[]): readonly Category[] {
  if (types.length === 0) return CATEGORIES
  return CATEGORIES.filter((category) => CATEGORY_LOOKS[category].types.some((type) => types.includes(type)))
}

/** The category of a resource type, or `other`. */
export function categoryOf(type: string): Category | 'other' {
  return CATEGORIES.find((category) => CATEGORY_LOOKS[category].types.includes(type)) ?? 'other'
}

/** What the parts of a record are called, and how they look. */
import { messages } from '../../i18n/language.tsx'
import type { IconName, Tone } from '../../ui/icon.tsx'
import type { Part } from './items.ts'

export const partMessages = messages({
  en: {
    vitals: 'Vital signs',
    labs: 'Lab results',
    medications: 'Medications',
    conditions: 'Conditions',
    allergies: 'Allergies',
    immunizations: 'Vaccinations',
    procedures: 'Procedures',
    visits: 'Visits',
    documents: 'Documents and plans',
  },
  de: {
    vitals: 'Vitalwerte',
    labs: 'Laborwerte',
    medications: 'Medikamente',
    conditions: 'Diagnosen',
    allergies: 'Allergien',
    immunizations: 'Impfungen',
    procedures: 'Eingriffe',
    visits: 'Besuche',
    documents: 'Dokumente und Pläne',
  },
})

export const PART_LOOKS: Readonly<Record<Part, { readonly icon: IconName; readonly tone: Tone }>> = {
  vitals: { icon: 'pulse', tone: 'vitals' },
  labs: { icon: 'flask', tone: 'labs' },
  medications: { icon: 'pill', tone: 'medications' },
  conditions: { icon: 'stethoscope', tone: 'conditions' },
  allergies: { icon: 'alert', tone: 'warn' },
  immunizations: { icon: 'syringe', tone: 'immunizations' },
  procedures: { icon: 'scissors', tone: 'procedures' },
  visits: { icon: 'visit', tone: 'visits' },
  documents: { icon: 'document', tone: 'documents' },
}

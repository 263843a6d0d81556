/** Administrative gender (FHIR R4) in words. */
import { messages } from '../i18n/language.tsx'

export const sexText = messages({
  en: { female: 'female', male: 'male', other: 'other', unknown: 'sex unknown' },
  de: { female: 'weiblich', male: 'männlich', other: 'divers', unknown: 'Geschlecht unbekannt' },
})

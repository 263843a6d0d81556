/** What common measurements are called by people who are no laboratory, by LOINC code. Others keep the record's words. */
import { messages, useMessages } from '../../i18n/language.tsx'

const names = messages({
  en: {
    '29463-7': 'Weight',
    '8302-2': 'Height',
    '39156-5': 'Body mass index',
    '85354-9': 'Blood pressure',
    '8867-4': 'Heart rate',
    '9279-1': 'Breathing rate',
    '8310-5': 'Temperature',
    '2708-6': 'Oxygen saturation',
    '2345-7': 'Blood sugar',
    '2339-0': 'Blood sugar',
    '4548-4': 'Long-term blood sugar (HbA1c)',
    '2160-0': 'Creatinine',
    '38483-4': 'Creatinine',
    '2093-3': 'Cholesterol',
    '13457-7': 'LDL cholesterol',
    '18262-6': 'LDL cholesterol',
    '2085-9': 'HDL cholesterol',
    '2571-8': 'Triglycerides',
    '718-7': 'Haemoglobin',
    '33914-3': 'Kidney function (eGFR)',
  },
  de: {
    '29463-7': 'Gewicht',
    '8302-2': 'Größe',
    '39156-5': 'Body-Mass-Index',
    '85354-9': 'Blutdruck',
    '8867-4': 'Puls',
    '9279-1': 'Atemfrequenz',
    '8310-5': 'Temperatur',
    '2708-6': 'Sauerstoffsättigung',
    '2345-7': 'Blutzucker',
    '2339-0': 'Blutzucker',
    '4548-4': 'Langzeitblutzucker (HbA1c)',
    '2160-0': 'Kreatinin',
    '38483-4': 'Kreatinin',
    '2093-3': 'Cholesterin',
    '13457-7': 'LDL-Cholesterin',
    '18262-6': 'LDL-Cholesterin',
    '2085-9': 'HDL-Cholesterin',
    '2571-8': 'Triglyzeride',
    '718-7': 'Hämoglobin',
    '33914-3': 'Nierenfunktion (eGFR)',
  },
})

/** The name of an item or a series: by its code where that has one, else as the record has it. */
export function useMeasurementName(): (code: string | null, title: string) => string {
  const t: Readonly<Record<string, string>> = useMessages(names)
  return (code, title) => (code === null ? title : (t[code] ?? title))
}

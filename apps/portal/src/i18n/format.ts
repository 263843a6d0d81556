/** Dates, times and numbers in the reader's way of writing them. */
import { useMemo } from 'react'
import { useLanguage } from './language.tsx'

export interface Formats {
  /** `24 Nov 2026` */
  readonly date: (time: number | string | Date) => string
  /** `24 Nov 2026, 14:05` */
  readonly dateTime: (time: number | string | Date) => string
  readonly time: (time: number | string | Date) => string
  /** `November 2026` */
  readonly month: (time: number | string | Date) => string
  /** `in 3 days`, `2 hours ago` */
  readonly relative: (time: number | string | Date) => string
  readonly number: (value: number, fractionDigitsMax?: number) => string
  /** `Observation, Condition and Encounter` */
  readonly list: (items: readonly string[]) => string
  readonly compare: (a: string, b: string) => number
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

export function useFormats(): Formats {
  const { language } = useLanguage()
  return useMemo(() => formatsOf(localeOf(language)), [language])
}

/** The browser's own region of the chosen language, so that Austrians get Austrian dates. */
function localeOf(language: string): string {
  return navigator.languages.find((tag) => tag.startsWith(language)) ?? (language === 'en' ? 'en-GB' : 'de-DE')
}

export function formatsOf(locale: string): Formats {
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' })
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
  const dateTime = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  const month = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const collator = new Intl.Collator(locale, { numeric: true })
  return {
    date: (at) => date.format(new Date(at)),
    time: (at) => time.format(new Date(at)),
    dateTime: (at) => dateTime.format(new Date(at)),
    month: (at) => month.format(new Date(at)),
    relative: (at) => {
      const distanceMs = new Date(at).getTime() - Date.now()
      const [unit, stepMs] = STEPS.find(([, ms]) => Math.abs(distanceMs) >= ms) ?? ['minute', 60_000]
      return relative.format(Math.trunc(distanceMs / stepMs), unit)
    },
    number: (value, fractionDigitsMax = 2) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: fractionDigitsMax }).format(value),
    list: (items) => list.format(items),
    compare: collator.compare,
  }
}

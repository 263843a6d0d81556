/**
 * Languages. Each page and component declares its texts beside itself with `messages({ en, de })`: English is the
 * shape, and a language that lacks a text, or has one with other arguments, does not compile. Texts with values are
 * functions, so word order is the translator's. Dates, numbers and units go through `Intl` (`format.ts`).
 */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

type Text = string | ((...values: never[]) => string)
type Shape<T> = { readonly [K in keyof T]: T[K] extends string ? string : T[K] }
export type Catalogue<T> = Readonly<Record<Language, Shape<T>>>

/** The texts of one part of the portal, in every language. */
export function messages<T extends Readonly<Record<string, Text>>>(texts: { en: T; de: Shape<T> }): Catalogue<T> {
  return texts as Catalogue<T>
}

interface Choice {
  readonly language: Language
  readonly setLanguage: (language: Language) => void
}

const LanguageContext = createContext<Choice>({ language: 'en', setLanguage: () => undefined })
const STORED = 'salus-language'

export function LanguageProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState<Language>(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = language
    localStorage.setItem(STORED, language)
  }, [language])
  const choice = useMemo(() => ({ language, setLanguage }), [language])
  return <LanguageContext value={choice}>{children}</LanguageContext>
}

export function useLanguage(): Choice {
  return useContext(LanguageContext)
}

/** The texts of `catalogue` in the chosen language. */
export function useMessages<T>(catalogue: Catalogue<T>): Shape<T> {
  return catalogue[useContext(LanguageContext).language]
}

function firstLanguage(): Language {
  const asked = [localStorage.getItem(STORED) ?? '', ...navigator.languages]
  return asked.map((tag) => tag.slice(0, 2)).find((tag): tag is Language => tag in LANGUAGES) ?? 'en'
}

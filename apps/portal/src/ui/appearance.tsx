/** Language and colour scheme, for settings of every role. */
import { type ReactNode, useState } from 'react'
import { LANGUAGES, type Language, messages, useLanguage, useMessages } from '../i18n/language.tsx'
import { applyScheme, SCHEMES, type Scheme, storedScheme } from '../theme/scheme.ts'
import { Segmented } from './field.tsx'
import { Card, Section, Stack } from './layout.tsx'

const texts = messages({
  en: { look: 'Appearance', system: 'System', light: 'Light', dark: 'Dark', language: 'Language' },
  de: { look: 'Aussehen', system: 'System', light: 'Hell', dark: 'Dunkel', language: 'Sprache' },
})

export function Appearance(): ReactNode {
  const t = useMessages(texts)
  const { language, setLanguage } = useLanguage()
  const [scheme, setScheme] = useState<Scheme>(storedScheme)
  return (
    <Section title={t.look}>
      <Card>
        <Stack>
          <Segmented
            label={t.look}
            options={SCHEMES.map((one) => [one, t[one]] as const)}
            value={scheme}
            onChange={(chosen) => {
              applyScheme(chosen)
              setScheme(chosen)
            }}
          />
          <Segmented
            label={t.language}
            options={Object.entries(LANGUAGES) as [Language, string][]}
            value={language}
            onChange={setLanguage}
          />
        </Stack>
      </Card>
    </Section>
  )
}

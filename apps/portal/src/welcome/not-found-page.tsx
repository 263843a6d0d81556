/** Where nothing is. */
import type { ReactNode } from 'react'
import { messages, useMessages } from '../i18n/language.tsx'
import { ButtonLink } from '../ui/button.tsx'
import { EmptyState } from '../ui/layout.tsx'

const texts = messages({
  en: { title: 'There is nothing here', text: 'The address may be old or mistyped.', home: 'To the start' },
  de: { title: 'Hier ist nichts', text: 'Die Adresse ist alt oder falsch geschrieben.', home: 'Zum Anfang' },
})

export default function NotFoundPage(): ReactNode {
  const t = useMessages(texts)
  return (
    <EmptyState icon="search" title={t.title} action={<ButtonLink href="/">{t.home}</ButtonLink>}>
      {t.text}
    </EmptyState>
  )
}

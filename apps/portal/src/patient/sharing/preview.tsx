/** Exactly what a recipient would read, as the custodian's decision engine says before the consent is given. */
import type { Consent } from '@medplum/fhirtypes'
import { parseAnswer } from '@salus/sdk'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { z } from 'zod'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Facts, List, Row } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import type { CustodianFile } from '../custodians.ts'
import { useMeasurementName } from '../record/measurement-names.ts'
import { PART_LOOKS } from '../record/part-messages.ts'
import { useRecord } from '../record/record.ts'
import { categoryMessages, categoryOf } from './categories.ts'

const Answer = z.object({ resources: z.array(z.string()) })
const SHOWN_MAX = 200

const texts = messages({
  en: {
    button: (count: number) => (count === 1 ? 'See the 1 entry' : `See the ${count} entries`),
    title: 'What they would read',
    none: 'Nothing in your record falls under this at present. What is added later will.',
    later: 'New entries of these kinds are included until the sharing ends.',
    further: (count: number) => `and ${count} more`,
  },
  de: {
    button: (count: number) => (count === 1 ? 'Den 1 Eintrag ansehen' : `Die ${count} Einträge ansehen`),
    title: 'Das wäre zu lesen',
    none: 'Zurzeit fällt nichts aus Ihrer Akte darunter. Was später dazukommt, schon.',
    later: 'Neue Einträge dieser Art gehören dazu, bis die Freigabe endet.',
    further: (count: number) => `und ${count} weitere`,
  },
})

export function Preview({
  file,
  recipient,
  document,
  replaced,
}: {
  readonly file: CustodianFile
  readonly recipient: string
  readonly document: Consent
  readonly replaced: string | null
}): ReactNode {
  const t = useMessages(texts)
  const [isOpen, setIsOpen] = useState(false)
  const text = JSON.stringify(document)
  const { data, error } = useQuery({
    queryKey: ['patient', 'preview', file.enrolment.fileId, recipient, text, replaced],
    queryFn: async () => {
      const body = { document: text, recipient, replaced: replaced === null ? [] : [replaced] }
      return parseAnswer(Answer, await file.client.send(`/patient/files/${file.enrolment.fileId}/preview`, body))
        .resources
    },
    placeholderData: (before) => before,
  })
  if (error !== null) return <ErrorNotice error={error} />
  if (data === undefined) return <Skeleton rows={1} />
  if (data.length === 0) return <p>{t.none}</p>
  return (
    <>
      <div>
        <Button icon="eye" onClick={() => setIsOpen(true)}>
          {t.button(data.length)}
        </Button>
      </div>
      {isOpen && <PreviewSheet references={data} onClose={() => setIsOpen(false)} />}
    </>
  )
}

function PreviewSheet({
  references,
  onClose,
}: {
  readonly references: readonly string[]
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const names = useMessages(categoryMessages)
  const f = useFormats()
  const name = useMeasurementName()
  const { items } = useRecord()
  const seen = new Set(references)
  const shown = items.filter(({ reference }) => seen.has(reference))
  const counts = Map.groupBy(references, (reference) => names[categoryOf(reference.split('/', 1)[0] ?? '')])
  return (
    <Sheet title={t.title} onClose={onClose}>
      <Facts facts={[...counts].map(([name, of]) => [name, f.number(of.length)] as const)} />
      <List label={t.title}>
        {shown.slice(0, SHOWN_MAX).map((item) => (
          <Row
            key={item.reference}
            {...PART_LOOKS[item.part]}
            title={name(item.series, item.title)}
            detail={f.date(item.timeMs)}
            trailing={item.values.map(({ value }) => f.number(value, 1)).join('/') || undefined}
          />
        ))}
      </List>
      {shown.length > SHOWN_MAX && <p>{t.further(shown.length - SHOWN_MAX)}</p>}
      <p>{t.later}</p>
    </Sheet>
  )
}

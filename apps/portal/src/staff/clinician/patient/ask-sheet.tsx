/** Asks the patient for access. The other member passes the question on and says nothing in return. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { staffText, useSession } from '../../../api/staff.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import {
  CATEGORIES,
  CATEGORY_LOOKS,
  type Category,
  categoryMessages,
  typesOf,
} from '../../../patient/sharing/categories.ts'
import { Button } from '../../../ui/button.tsx'
import { ErrorNotice } from '../../../ui/feedback.tsx'
import { ChoiceList, TextField } from '../../../ui/field.tsx'
import { Stack } from '../../../ui/layout.tsx'
import { Sheet } from '../../../ui/sheet.tsx'
import { useToast } from '../../../ui/toast.tsx'
import type { Source } from './sources.ts'

const texts = messages({
  en: {
    title: 'Ask for access',
    lead: (member: string) => `${member} puts your question before the patient, if it has a record.`,
    what: 'What you need',
    message: 'Message to the patient',
    hint: 'Say why you ask. Only the patient reads it.',
    send: 'Send',
    sent: 'Asked. The record appears here once the patient allows it.',
  },
  de: {
    title: 'Um Zugriff bitten',
    lead: (member: string) => `${member} legt Ihre Frage dem Patienten vor, falls es eine Akte gibt.`,
    what: 'Was Sie brauchen',
    message: 'Nachricht an den Patienten',
    hint: 'Sagen Sie, warum Sie fragen. Nur der Patient liest es.',
    send: 'Senden',
    sent: 'Gefragt. Die Akte erscheint hier, sobald der Patient zustimmt.',
  },
})

const MESSAGE_MAX = 1000

export function AskSheet({
  source,
  onSent,
  onClose,
}: {
  readonly source: Source
  readonly onSent: () => void
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const categories = useMessages(categoryMessages)
  const say = useToast()
  const name = useSession()?.name ?? ''
  const [chosen, setChosen] = useState<readonly Category[]>(CATEGORIES)
  const [message, setMessage] = useState('')
  const { member, who } = source
  const send = useMutation({
    mutationFn: () =>
      staffText(`/access-requests/${member.handle}`, {
        method: 'POST',
        body: {
          ...('id' in who ? { patient: `Patient/${who.id}` } : { identifiers: who.numbers }),
          practitionerName: name,
          types: chosen.length === CATEGORIES.length ? [] : typesOf(chosen),
          message: message.trim(),
        },
      }),
    onSuccess: () => {
      say(t.sent, 'bell')
      onSent()
      onClose()
    },
  })
  return (
    <Sheet
      title={t.title}
      onClose={onClose}
      actions={
        <Button look="primary" wide busy={send.isPending} disabled={chosen.length === 0} onClick={() => send.mutate()}>
          {t.send}
        </Button>
      }
    >
      <Stack>
        <p>{t.lead(member.name)}</p>
        {send.isError && <ErrorNotice error={send.error} />}
        <TextField
          label={t.message}
          hint={t.hint}
          value={message}
          onChange={setMessage}
          lines={3}
          maxLength={MESSAGE_MAX}
        />
        <ChoiceList
          label={t.what}
          many
          chosen={chosen}
          onChange={setChosen}
          choices={CATEGORIES.map((category) => ({
            value: category,
            title: categories[category],
            icon: CATEGORY_LOOKS[category].icon,
            tone: CATEGORY_LOOKS[category].tone,
          }))}
        />
      </Stack>
    </Sheet>
  )
}

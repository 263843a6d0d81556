/** Goes to the record of a patient at another member, of whom one knows the record number. */
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { useNetwork } from '../../api/network.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'

const texts = messages({
  en: {
    title: 'Record at another member',
    member: 'Member',
    number: 'Record number',
    hint: 'It stands on the patient’s letters and in the patient’s portal.',
    open: 'Open',
  },
  de: {
    title: 'Akte bei anderem Mitglied',
    member: 'Mitglied',
    number: 'Aktennummer',
    hint: 'Sie steht auf Briefen an den Patienten und in seinem Portal.',
    open: 'Öffnen',
  },
})

export function ElsewhereSheet({
  number: first,
  onClose,
}: {
  readonly number: string
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const { members, own } = useNetwork()
  const [, go] = useLocation()
  const others = members.filter(({ id, status }) => id !== own && status === 'active')
  const [handle, setHandle] = useState(others[0]?.handle ?? '')
  const [number, setNumber] = useState(first)
  const open = (): void => go(`/app/patients/${handle}/number/${encodeURIComponent(number.trim())}`)
  return (
    <Sheet
      title={t.title}
      onClose={onClose}
      actions={
        <Button look="primary" wide onClick={open} disabled={number.trim() === '' || handle === ''}>
          {t.open}
        </Button>
      }
    >
      <Stack>
        <SelectField
          label={t.member}
          value={handle}
          options={others.map((member) => [member.handle, member.name] as const)}
          onChange={setHandle}
        />
        <TextField label={t.number} hint={t.hint} value={number} onChange={setNumber} maxLength={128} />
      </Stack>
    </Sheet>
  )
}

/** Breaks the glass: access without consent, for a stated reason, flagged for good (v3-PurposeOfUse, BTG). */
import { type ReactNode, useState } from 'react'
import type { Member } from '../../../api/network.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import { Button } from '../../../ui/button.tsx'
import { Notice } from '../../../ui/feedback.tsx'
import { TextField } from '../../../ui/field.tsx'
import { Stack } from '../../../ui/layout.tsx'
import { Sheet } from '../../../ui/sheet.tsx'

const texts = messages({
  en: {
    title: 'Emergency access',
    warning: 'Only where life or health is in danger',
    text: (member: string) =>
      `You open the record at ${member} without the patient’s consent. The access is flagged as an emergency with your name and your reason, committed to the ledger, and shown to the patient.`,
    reason: 'Reason',
    hint: 'At least ten characters, for example: unconscious after a fall.',
    open: 'Open the record now',
  },
  de: {
    title: 'Notfallzugriff',
    warning: 'Nur bei Gefahr für Leben oder Gesundheit',
    text: (member: string) =>
      `Sie öffnen die Akte bei ${member} ohne Einwilligung des Patienten. Der Zugriff wird mit Ihrem Namen und Grund als Notfall vermerkt, im Register festgehalten und dem Patienten gezeigt.`,
    reason: 'Grund',
    hint: 'Mindestens zehn Zeichen, zum Beispiel: bewusstlos nach Sturz.',
    open: 'Akte jetzt öffnen',
  },
})

const REASON_MIN = 10
const REASON_MAX = 500

export function EmergencySheet({
  member,
  onOpen,
  onClose,
}: {
  readonly member: Member
  readonly onOpen: (reason: string) => void
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const [reason, setReason] = useState('')
  const open = (): void => {
    onOpen(reason.trim())
    onClose()
  }
  return (
    <Sheet
      title={t.title}
      onClose={onClose}
      actions={
        <Button look="danger" wide icon="emergency" disabled={reason.trim().length < REASON_MIN} onClick={open}>
          {t.open}
        </Button>
      }
    >
      <Stack>
        <Notice tone="danger" icon="emergency" title={t.warning}>
          {t.text(member.name)}
        </Notice>
        <TextField
          label={t.reason}
          hint={t.hint}
          value={reason}
          onChange={setReason}
          lines={3}
          maxLength={REASON_MAX}
          required
        />
      </Stack>
    </Sheet>
  )
}

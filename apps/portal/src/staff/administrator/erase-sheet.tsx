/** Erases a patient (GDPR article 17): for good, so the name is typed, and the node wants a recent proof of who does it. */
import type { Patient } from '@medplum/fhirtypes'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { staffText } from '../../api/staff.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useToast } from '../../ui/toast.tsx'
import { nameOf } from '../fhir.ts'
import { SensitiveError } from '../step-up.tsx'

const texts = messages({
  en: {
    title: 'Erase a patient',
    warning: 'This cannot be undone',
    text: (name: string) =>
      `The key of ${name}’s record is destroyed, and with it every entry, here and in each copy of the ciphertext. The ledger keeps salted commitments that no longer mean anything; the access log stays with the patient.`,
    reason: 'Reason',
    confirm: (name: string) => `Type “${name}” to confirm`,
    erase: 'Erase for good',
    done: 'Erased',
  },
  de: {
    title: 'Patienten löschen',
    warning: 'Das lässt sich nicht rückgängig machen',
    text: (name: string) =>
      `Der Schlüssel zur Akte von ${name} wird zerstört und damit jeder Eintrag, hier und in jeder verschlüsselten Kopie. Im Register bleiben gesalzene Prüfwerte ohne Bedeutung; das Zugriffsprotokoll bleibt beim Patienten.`,
    reason: 'Grund',
    confirm: (name: string) => `Tippen Sie zur Bestätigung „${name}“`,
    erase: 'Endgültig löschen',
    done: 'Gelöscht',
  },
})

export function EraseSheet({
  patient,
  onErased,
  onClose,
}: {
  readonly patient: Patient
  readonly onErased: () => void
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const say = useToast()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const name = nameOf(patient) || (patient.id as string)
  const erase = useMutation({
    mutationFn: () =>
      staffText(`/admin/patients/${patient.id}/erase`, { method: 'POST', body: { reason: reason.trim() } }),
    onSuccess: () => {
      say(t.done)
      onErased()
      onClose()
    },
  })
  return (
    <Sheet
      title={t.title}
      onClose={onClose}
      actions={
        <Button
          look="danger"
          wide
          busy={erase.isPending}
          disabled={typed.trim() !== name || reason.trim() === ''}
          onClick={() => erase.mutate()}
        >
          {t.erase}
        </Button>
      }
    >
      <Stack>
        <Notice tone="danger" title={t.warning}>
          {t.text(name)}
        </Notice>
        {erase.isError && <SensitiveError error={erase.error} retry={() => erase.mutate()} />}
        <TextField label={t.reason} value={reason} onChange={setReason} maxLength={500} required />
        <TextField label={t.confirm(name)} value={typed} onChange={setTyped} autoComplete="off" required />
      </Stack>
    </Sheet>
  )
}

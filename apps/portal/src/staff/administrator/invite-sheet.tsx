/** Makes an invitation: a QR code and a link that enrol one wallet, once. */
import type { Patient } from '@medplum/fhirtypes'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { z } from 'zod'
import { staffJson } from '../../api/staff.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/feedback.tsx'
import { Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { CopyLink } from '../copy-link.tsx'
import { nameOf } from '../fhir.ts'
import { QrCode } from '../qr.tsx'

const texts = messages({
  en: {
    title: 'Invite a patient',
    check: 'Check the identity first',
    checkText: (name: string) =>
      `Whoever uses the invitation is ${name} from then on. Look at an identity document before you make it.`,
    make: 'Make the invitation',
    qr: 'QR code of the invitation',
    scan: (until: string) => `It enrols one wallet, once, until ${until}. An earlier invitation has ended.`,
  },
  de: {
    title: 'Patienten einladen',
    check: 'Erst die Identität prüfen',
    checkText: (name: string) =>
      `Wer die Einladung benutzt, ist von da an ${name}. Sehen Sie sich vorher einen Ausweis an.`,
    make: 'Einladung erstellen',
    qr: 'QR-Code der Einladung',
    scan: (until: string) => `Sie meldet eine Wallet an, einmal, bis ${until}. Eine frühere Einladung gilt nicht mehr.`,
  },
})

const Invitation = z.object({ url: z.string(), expiresAtMs: z.number() })

export function InviteSheet({
  patient,
  onClose,
}: {
  readonly patient: Patient
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const make = useMutation({
    mutationFn: () =>
      staffJson(Invitation, '/admin/invitations', { method: 'POST', body: { patient: `Patient/${patient.id}` } }),
  })
  return (
    <Sheet
      title={t.title}
      onClose={onClose}
      {...(make.isSuccess
        ? {}
        : {
            actions: (
              <Button look="primary" wide icon="qr" busy={make.isPending} onClick={() => make.mutate()}>
                {t.make}
              </Button>
            ),
          })}
    >
      <Stack>
        {make.isError && <ErrorNotice error={make.error} />}
        {!make.isSuccess && (
          <Notice tone="warn" title={t.check}>
            {t.checkText(nameOf(patient))}
          </Notice>
        )}
        {make.isSuccess && (
          <>
            <QrCode text={make.data.url} label={t.qr} />
            <p>{t.scan(f.dateTime(make.data.expiresAtMs))}</p>
            <CopyLink url={make.data.url} />
          </>
        )}
      </Stack>
    </Sheet>
  )
}

/** The second tap of stopping: says what it means, then does it. */
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/feedback.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useToast } from '../../ui/toast.tsx'
import { type Shared, useConsentActs } from './consents.ts'
import { sharingMessages } from './sharing-messages.ts'

export function StopSharing({
  consent,
  onClose,
}: {
  readonly consent: Shared
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(sharingMessages)
  const { revoke } = useConsentActs()
  const say = useToast()
  const stop = useMutation({
    mutationFn: () => revoke(consent.id),
    onSuccess: () => {
      say(t.stopped(consent.recipient), 'lock')
      onClose()
    },
  })
  return (
    <Sheet
      title={t.stopTitle(consent.recipient)}
      onClose={onClose}
      actions={
        <>
          <Button look="danger" wide busy={stop.isPending} onClick={() => stop.mutate()}>
            {t.stop}
          </Button>
          <Button look="plain" wide onClick={onClose}>
            {t.keep}
          </Button>
        </>
      }
    >
      <p>{t.stopText(consent.recipient)}</p>
      {stop.isError && <ErrorNotice error={stop.error} />}
    </Sheet>
  )
}

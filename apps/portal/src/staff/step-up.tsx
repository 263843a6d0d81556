/** What stands where a sensitive act failed: where the node wants a recent proof of who one is, a way to give it. */
import { SalusError } from '@salus/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { proveByPasskey } from '../api/staff-passkeys.ts'
import { messages, useMessages } from '../i18n/language.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorNotice, Notice } from '../ui/feedback.tsx'

const texts = messages({
  en: {
    title: 'Please confirm that it is you',
    text: 'This step wants a sign-in that is five minutes old at most. Use your passkey, or a fresh sign-in link.',
    prove: 'Confirm with a passkey',
  },
  de: {
    title: 'Bitte bestätigen Sie, dass Sie es sind',
    text: 'Dieser Schritt verlangt eine Anmeldung, die höchstens fünf Minuten alt ist. Nehmen Sie Ihren Passkey oder einen neuen Anmeldelink.',
    prove: 'Mit Passkey bestätigen',
  },
})

/** An error of a sensitive act; `retry` does it again once the user has proved who they are. */
export function SensitiveError({ error, retry }: { readonly error: unknown; readonly retry: () => void }): ReactNode {
  const t = useMessages(texts)
  const prove = useMutation({ mutationFn: proveByPasskey, onSuccess: retry })
  if (!(error instanceof SalusError) || error.code !== 'step-up-required') return <ErrorNotice error={error} />
  return (
    <>
      <Notice tone="warn" icon="lock" title={t.title}>
        <p>{t.text}</p>
        <Button icon="fingerprint" busy={prove.isPending} onClick={() => prove.mutate()}>
          {t.prove}
        </Button>
      </Notice>
      {prove.isError && <ErrorNotice error={prove.error} />}
    </>
  )
}

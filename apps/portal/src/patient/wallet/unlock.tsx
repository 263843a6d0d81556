/** Opens the wallet of this browser, by its passkey or its passphrase. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { PageHeader, Stack } from '../../ui/layout.tsx'
import { useWalletSession } from './wallet-session.tsx'

const texts = messages({
  en: {
    title: 'Welcome back',
    lead: 'Your wallet is locked. Its keys never leave this device.',
    passkey: 'Unlock with passkey',
    passphrase: 'Passphrase',
    unlock: 'Unlock',
  },
  de: {
    title: 'Willkommen zurück',
    lead: 'Ihre Wallet ist gesperrt. Ihre Schlüssel verlassen dieses Gerät nie.',
    passkey: 'Mit Passkey entsperren',
    passphrase: 'Passphrase',
    unlock: 'Entsperren',
  },
})

export function Unlock(): ReactNode {
  const t = useMessages(texts)
  const { protection, unlock } = useWalletSession()
  const [passphrase, setPassphrase] = useState('')
  const opening = useMutation({ mutationFn: (given: string | undefined) => unlock(given) })
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <Stack>
        {opening.isError && <ErrorNotice error={opening.error} />}
        {protection === 'passkey' ? (
          <Button
            look="primary"
            wide
            icon="fingerprint"
            busy={opening.isPending}
            onClick={() => opening.mutate(undefined)}
          >
            {t.passkey}
          </Button>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              opening.mutate(passphrase)
            }}
          >
            <Stack>
              <TextField
                label={t.passphrase}
                type="password"
                autoComplete="current-password"
                value={passphrase}
                onChange={setPassphrase}
                required
              />
              <Button look="primary" wide type="submit" icon="lock" busy={opening.isPending}>
                {t.unlock}
              </Button>
            </Stack>
          </form>
        )}
      </Stack>
    </>
  )
}

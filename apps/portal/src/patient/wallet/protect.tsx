/** Asks how a new wallet is to be protected: a passkey where the browser has them, else a passphrase. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { Stack } from '../../ui/layout.tsx'
import { canHavePasskeys } from './passkey.ts'
import type { NewProtection } from './wallet-session.tsx'

const PASSPHRASE_LENGTH_MIN = 12

const texts = messages({
  en: {
    passkey: 'Protect with a passkey',
    passkeyHint: 'Face, fingerprint or the code of this device opens your wallet. Nothing to remember.',
    instead: 'Use a passphrase instead',
    passphrase: 'Passphrase',
    passphraseHint: `At least ${PASSPHRASE_LENGTH_MIN} characters. Four random words are good.`,
    again: 'Passphrase again',
    tooShort: `Take at least ${PASSPHRASE_LENGTH_MIN} characters.`,
    differs: 'These are not the same.',
    protect: 'Protect my wallet',
  },
  de: {
    passkey: 'Mit Passkey schützen',
    passkeyHint: 'Gesicht, Fingerabdruck oder Code dieses Geräts öffnen Ihre Wallet. Nichts zu merken.',
    instead: 'Lieber eine Passphrase',
    passphrase: 'Passphrase',
    passphraseHint: `Mindestens ${PASSPHRASE_LENGTH_MIN} Zeichen. Vier zufällige Wörter sind gut.`,
    again: 'Passphrase noch einmal',
    tooShort: `Nehmen Sie mindestens ${PASSPHRASE_LENGTH_MIN} Zeichen.`,
    differs: 'Das ist nicht dasselbe.',
    protect: 'Wallet schützen',
  },
})

export function Protect({ onChoose }: { readonly onChoose: (chosen: NewProtection) => Promise<void> }): ReactNode {
  const t = useMessages(texts)
  const [withPassphrase, setWithPassphrase] = useState(!canHavePasskeys())
  const choosing = useMutation({ mutationFn: onChoose })
  if (withPassphrase) return <PassphraseForm onChoose={onChoose} />
  return (
    <Stack>
      {choosing.isError && <ErrorNotice error={choosing.error} />}
      <p>{t.passkeyHint}</p>
      <Button
        look="primary"
        wide
        icon="fingerprint"
        busy={choosing.isPending}
        onClick={() => choosing.mutate({ kind: 'passkey' })}
      >
        {t.passkey}
      </Button>
      <Button look="plain" wide onClick={() => setWithPassphrase(true)}>
        {t.instead}
      </Button>
    </Stack>
  )
}

function PassphraseForm({ onChoose }: { readonly onChoose: (chosen: NewProtection) => Promise<void> }): ReactNode {
  const t = useMessages(texts)
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [error, setError] = useState<'tooShort' | 'differs' | null>(null)
  const choosing = useMutation({ mutationFn: onChoose })
  const submit = (): void => {
    const found = passphrase.length < PASSPHRASE_LENGTH_MIN ? 'tooShort' : passphrase !== again ? 'differs' : null
    setError(found)
    if (found === null) choosing.mutate({ kind: 'passphrase', passphrase })
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack>
        {choosing.isError && <ErrorNotice error={choosing.error} />}
        <TextField
          label={t.passphrase}
          hint={t.passphraseHint}
          error={error === 'tooShort' ? t.tooShort : undefined}
          type="password"
          autoComplete="new-password"
          value={passphrase}
          onChange={setPassphrase}
        />
        <TextField
          label={t.again}
          error={error === 'differs' ? t.differs : undefined}
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={setAgain}
        />
        <Button look="primary" wide type="submit" icon="lock" busy={choosing.isPending}>
          {t.protect}
        </Button>
      </Stack>
    </form>
  )
}

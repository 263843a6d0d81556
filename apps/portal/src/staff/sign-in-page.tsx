/**
 * Sign-in of staff. A one-time link carries its code behind the `#`, which browsers never send: the page takes it out
 * of the address at once and hands it over.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { useNetwork } from '../api/network.ts'
import { type StaffSession, sessionQuery, signInByCode, useSession } from '../api/staff.ts'
import { signInByPasskey } from '../api/staff-passkeys.ts'
import { messages, useMessages } from '../i18n/language.tsx'
import { canHavePasskeys } from '../patient/wallet/passkey.ts'
import { Button } from '../ui/button.tsx'
import { ErrorNotice, Notice, Skeleton } from '../ui/feedback.tsx'
import { PageHeader, Stack } from '../ui/layout.tsx'
import { homeOf } from './home.ts'

const texts = messages({
  en: {
    title: 'Sign in',
    lead: (member: string) => `For clinicians and administrators of ${member}.`,
    passkey: 'Sign in with a passkey',
    noLink:
      'Ask your administrator for a sign-in link. It opens this page and signs you in; then you can add a passkey.',
    noLinkTitle: 'The first time',
  },
  de: {
    title: 'Anmelden',
    lead: (member: string) => `Für Ärzte und Verwaltung von ${member}.`,
    passkey: 'Mit Passkey anmelden',
    noLink:
      'Bitten Sie Ihre Verwaltung um einen Anmeldelink. Er öffnet diese Seite und meldet Sie an; danach können Sie einen Passkey hinzufügen.',
    noLinkTitle: 'Beim ersten Mal',
  },
})

export default function SignInPage(): ReactNode {
  const t = useMessages(texts)
  const { here } = useNetwork()
  const session = useSession()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const code = useRef(codeOfAddress())
  const signIn = useMutation({
    mutationFn: signInByCode,
    onSuccess: (signedIn: StaffSession | null) => queries.setQueryData(sessionQuery.queryKey, signedIn),
  })
  const byPasskey = useMutation({
    mutationFn: signInByPasskey,
    onSuccess: (signedIn: StaffSession | null) => queries.setQueryData(sessionQuery.queryKey, signedIn),
  })
  useEffect(() => {
    if (code.current === null) return
    history.replaceState(null, '', location.pathname)
    signIn.mutate(code.current)
    code.current = null
  }, [signIn.mutate])
  useEffect(() => {
    if (session && !signIn.isPending) go(homeOf(session), { replace: true })
  }, [session, signIn.isPending, go])
  return (
    <>
      <PageHeader title={t.title} lead={t.lead(here.name)} />
      <Stack>
        {byPasskey.isError && <ErrorNotice error={byPasskey.error} />}
        {session === null && canHavePasskeys() && (
          <Button look="primary" wide icon="fingerprint" busy={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
            {t.passkey}
          </Button>
        )}
        {signIn.isPending && <Skeleton rows={1} />}
        {signIn.isError && <ErrorNotice error={signIn.error} />}
        {signIn.isIdle && session === null && <Notice title={t.noLinkTitle}>{t.noLink}</Notice>}
      </Stack>
    </>
  )
}

function codeOfAddress(): string | null {
  return /^#code=([A-Za-z0-9_-]{43})$/.exec(location.hash)?.[1] ?? null
}

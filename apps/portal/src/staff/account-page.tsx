/** The account of somebody on the staff: passkeys, devices that are signed in, appearance, signing out. */
import { SalusError } from '@salus/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { z } from 'zod'
import { sessionQuery, signOut, staffJson, staffText, useSession } from '../api/staff.ts'
import { addPasskey, listPasskeys, type Passkey, proveByPasskey, removePasskey } from '../api/staff-passkeys.ts'
import { useFormats } from '../i18n/format.ts'
import { messages, useMessages } from '../i18n/language.tsx'
import { Appearance } from '../ui/appearance.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button, IconButton } from '../ui/button.tsx'
import { ErrorNotice, Notice, Skeleton } from '../ui/feedback.tsx'
import { Cluster, List, PageHeader, Row, Section } from '../ui/layout.tsx'

const Sessions = z.object({
  sessions: z.array(
    z.object({ id: z.string(), device: z.string(), madeAtMs: z.number(), seenAtMs: z.number(), isThis: z.boolean() }),
  ),
})

const texts = messages({
  en: {
    title: 'Account',
    passkeys: 'Passkeys',
    none: 'Add a passkey, and you sign in without a link from your administrator.',
    noneTitle: 'No passkey yet',
    add: 'Add a passkey',
    used: (when: string) => `Last used ${when}`,
    unused: 'Not used yet',
    remove: (name: string) => `Remove ${name}`,
    devices: 'Signed in on',
    here: 'This device',
    seen: (when: string) => `Active ${when}`,
    end: (name: string) => `Sign out ${name}`,
    signOut: 'Sign out',
    everywhere: 'Sign out everywhere',
  },
  de: {
    title: 'Konto',
    passkeys: 'Passkeys',
    none: 'Mit einem Passkey melden Sie sich ohne Link Ihrer Verwaltung an.',
    noneTitle: 'Noch kein Passkey',
    add: 'Passkey hinzufügen',
    used: (when: string) => `Zuletzt benutzt ${when}`,
    unused: 'Noch nicht benutzt',
    remove: (name: string) => `${name} entfernen`,
    devices: 'Angemeldet auf',
    here: 'Dieses Gerät',
    seen: (when: string) => `Aktiv ${when}`,
    end: (name: string) => `${name} abmelden`,
    signOut: 'Abmelden',
    everywhere: 'Überall abmelden',
  },
})

export default function AccountPage(): ReactNode {
  const t = useMessages(texts)
  const session = useSession()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      queries.clear()
      queries.setQueryData(sessionQuery.queryKey, null)
      go('/', { replace: true })
    },
  })
  return (
    <>
      <PageHeader title={t.title} lead={session?.name} />
      <OwnPasskeys />
      <Devices />
      <Appearance />
      {leave.isError && <ErrorNotice error={leave.error} />}
      <Cluster>
        <Button icon="exit" busy={leave.isPending} onClick={() => leave.mutate(false)}>
          {t.signOut}
        </Button>
        <Button look="plain" onClick={() => leave.mutate(true)}>
          {t.everywhere}
        </Button>
      </Cluster>
    </>
  )
}

function OwnPasskeys(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const queries = useQueryClient()
  const { data, error } = useQuery({ queryKey: ['passkeys'], queryFn: listPasskeys })
  const change = useMutation({
    mutationFn: (act: () => Promise<void>) => withProof(act),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['passkeys'] }),
  })
  const add = (): void => change.mutate(() => addPasskey(nameOfDevice()))
  return (
    <Section title={t.passkeys}>
      {error !== null && <ErrorNotice error={error} />}
      {change.isError && <ErrorNotice error={change.error} />}
      {data === undefined && error === null && <Skeleton rows={1} />}
      {data?.length === 0 && <Notice title={t.noneTitle}>{t.none}</Notice>}
      {data !== undefined && data.length > 0 && (
        <List label={t.passkeys}>
          {data.map(({ id, label, usedAtMs }: Passkey) => (
            <Row
              key={id}
              icon="fingerprint"
              tone="brand"
              title={label}
              detail={usedAtMs === null ? t.unused : t.used(f.relative(usedAtMs))}
              trailing={
                <IconButton
                  icon="close"
                  label={t.remove(label)}
                  onClick={() => change.mutate(() => removePasskey(id))}
                />
              }
            />
          ))}
        </List>
      )}
      <div>
        <Button icon="plus" busy={change.isPending} onClick={add}>
          {t.add}
        </Button>
      </div>
    </Section>
  )
}

/** Does a sensitive act; when the node wants a newer proof of who is there, gives it and tries again. */
async function withProof(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof SalusError) || error.code !== 'step-up-required') throw error
    await proveByPasskey()
    await act()
  }
}

function Devices(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const queries = useQueryClient()
  const { data, error } = useQuery({ queryKey: ['sessions'], queryFn: () => staffJson(Sessions, '/sessions') })
  const end = useMutation({
    mutationFn: (id: string) => staffText(`/sessions/${id}`, { method: 'DELETE' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  })
  return (
    <Section title={t.devices}>
      {error !== null && <ErrorNotice error={error} />}
      {end.isError && <ErrorNotice error={end.error} />}
      {data === undefined && error === null && <Skeleton rows={1} />}
      {data !== undefined && (
        <List label={t.devices}>
          {data.sessions.map(({ id, device, seenAtMs, isThis }) => (
            <Row
              key={id}
              icon="device"
              title={device}
              detail={t.seen(f.relative(seenAtMs))}
              trailing={
                isThis ? (
                  <Badge tone="brand">{t.here}</Badge>
                ) : (
                  <IconButton icon="exit" label={t.end(device)} onClick={() => end.mutate(id)} />
                )
              }
            />
          ))}
        </List>
      )}
    </Section>
  )
}

function nameOfDevice(): string {
  const system = /iPhone|iPad|Android|Windows|Macintosh|Linux/.exec(navigator.userAgent)?.[0] ?? 'Passkey'
  return system === 'Macintosh' ? 'Mac' : system
}

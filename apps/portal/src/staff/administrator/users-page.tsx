/** Staff who may sign in: their roles, links to sign in, and an end to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { z } from 'zod'
import { staffJson, staffText } from '../../api/staff.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Segmented, TextField } from '../../ui/field.tsx'
import { Facts, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { CopyLink } from '../copy-link.tsx'
import { QrCode } from '../qr.tsx'
import { SensitiveError } from '../step-up.tsx'

const texts = messages({
  en: {
    title: 'Staff',
    lead: 'Who may sign in at this node, and with which rights.',
    add: 'Add',
    operator: 'Administrator',
    practitioner: 'Clinician',
    inactive: 'Ended',
    role: 'Role',
    scopes: 'Rights (SMART scopes)',
    reference: 'Practitioner of this node',
    name: 'Name',
    link: 'Make a sign-in link',
    linkText: 'It signs in once, within a quarter of an hour. Hand it to nobody else.',
    qr: 'QR code of the sign-in link',
    end: 'End access',
    endText: 'All sessions of this user end at once.',
    save: 'Add',
  },
  de: {
    title: 'Personal',
    lead: 'Wer sich an diesem Knoten anmelden darf, und mit welchen Rechten.',
    add: 'Hinzufügen',
    operator: 'Verwaltung',
    practitioner: 'Klinik',
    inactive: 'Beendet',
    role: 'Rolle',
    scopes: 'Rechte (SMART-Scopes)',
    reference: 'Practitioner dieses Knotens',
    name: 'Name',
    link: 'Anmeldelink erstellen',
    linkText: 'Er gilt einmal, eine Viertelstunde lang. Geben Sie ihn niemand anderem.',
    qr: 'QR-Code des Anmeldelinks',
    end: 'Zugang beenden',
    endText: 'Alle Sitzungen dieser Person enden sofort.',
    save: 'Hinzufügen',
  },
})

const User = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['operator', 'practitioner']),
  practitioner: z.string().nullable(),
  scopes: z.string(),
  active: z.boolean(),
})
type User = z.infer<typeof User>
const Users = z.object({ users: z.array(User) })
const SignInLink = z.object({ url: z.string() })
const SCOPES = { operator: 'system/*.cruds', practitioner: 'user/*.cruds' } as const

export default function UsersPage(): ReactNode {
  const t = useMessages(texts)
  const [opened, setOpened] = useState<User | null>(null)
  const [isAdding, setAdding] = useState(false)
  const { data, error, isPending } = useQuery({
    queryKey: ['staff', 'users'],
    queryFn: () => staffJson(Users, '/admin/users'),
  })
  return (
    <>
      <PageHeader title={t.title} lead={t.lead}>
        <Button icon="plus" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </PageHeader>
      {error !== null && <ErrorNotice error={error} />}
      {isPending && <Skeleton />}
      {data !== undefined && (
        <Section>
          <List label={t.title}>
            {data.users.map((user) => (
              <Row
                key={user.id}
                icon={user.kind === 'operator' ? 'key' : 'stethoscope'}
                tone={user.active ? (user.kind === 'operator' ? 'warn' : 'brand') : 'neutral'}
                title={user.name}
                detail={<code>{user.scopes}</code>}
                trailing={
                  <Badge tone={user.active ? 'brand' : 'neutral'}>{user.active ? t[user.kind] : t.inactive}</Badge>
                }
                onClick={() => setOpened(user)}
              />
            ))}
          </List>
        </Section>
      )}
      {opened !== null && <UserSheet user={opened} onClose={() => setOpened(null)} />}
      {isAdding && <AddSheet onClose={() => setAdding(false)} />}
    </>
  )
}

function UserSheet({ user, onClose }: { readonly user: User; readonly onClose: () => void }): ReactNode {
  const t = useMessages(texts)
  const queries = useQueryClient()
  const link = useMutation({
    mutationFn: () => staffJson(SignInLink, `/admin/users/${user.id}/sign-in-link`, { method: 'POST' }),
  })
  const end = useMutation({
    mutationFn: () => staffText(`/admin/users/${user.id}`, { method: 'DELETE' }),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: ['staff', 'users'] })
      onClose()
    },
  })
  return (
    <Sheet
      title={user.name}
      onClose={onClose}
      {...(user.active
        ? {
            actions: (
              <>
                <Button look="primary" icon="key" busy={link.isPending} onClick={() => link.mutate()}>
                  {t.link}
                </Button>
                <Button look="danger" busy={end.isPending} onClick={() => end.mutate()}>
                  {t.end}
                </Button>
              </>
            ),
          }
        : {})}
    >
      <Stack>
        {link.isError && <SensitiveError error={link.error} retry={() => link.mutate()} />}
        {end.isError && <SensitiveError error={end.error} retry={() => end.mutate()} />}
        {link.isSuccess && (
          <>
            <QrCode text={link.data.url} label={t.qr} />
            <p>{t.linkText}</p>
            <CopyLink url={link.data.url} />
          </>
        )}
        <Facts
          facts={[
            [t.role, t[user.kind]],
            [t.scopes, <code key="scopes">{user.scopes}</code>],
            ...(user.practitioner === null
              ? []
              : [[t.reference, <code key="reference">{user.practitioner}</code>] as const]),
          ]}
        />
        {user.active && <p>{t.endText}</p>}
      </Stack>
    </Sheet>
  )
}

function AddSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useMessages(texts)
  const queries = useQueryClient()
  const [kind, setKind] = useState<User['kind']>('practitioner')
  const [name, setName] = useState('')
  const [practitioner, setPractitioner] = useState('')
  const [scopes, setScopes] = useState<string>(SCOPES.practitioner)
  const add = useMutation({
    mutationFn: () =>
      staffText('/admin/users', {
        method: 'POST',
        body: {
          name: name.trim(),
          kind,
          practitioner: kind === 'practitioner' ? practitioner.trim() : null,
          scopes: scopes.trim(),
        },
      }),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: ['staff', 'users'] })
      onClose()
    },
  })
  const chooseKind = (chosen: User['kind']): void => {
    setKind(chosen)
    setScopes(SCOPES[chosen])
  }
  return (
    <Sheet
      title={t.add}
      onClose={onClose}
      actions={
        <Button look="primary" wide busy={add.isPending} disabled={name.trim() === ''} onClick={() => add.mutate()}>
          {t.save}
        </Button>
      }
    >
      <Stack>
        {add.isError && <SensitiveError error={add.error} retry={() => add.mutate()} />}
        <Segmented
          label={t.role}
          value={kind}
          onChange={chooseKind}
          options={[
            ['practitioner', t.practitioner],
            ['operator', t.operator],
          ]}
        />
        <TextField label={t.name} value={name} onChange={setName} maxLength={128} required />
        {kind === 'practitioner' && (
          <TextField
            label={t.reference}
            placeholder="Practitioner/…"
            value={practitioner}
            onChange={setPractitioner}
            required
          />
        )}
        <TextField label={t.scopes} value={scopes} onChange={setScopes} maxLength={4096} required />
      </Stack>
    </Sheet>
  )
}

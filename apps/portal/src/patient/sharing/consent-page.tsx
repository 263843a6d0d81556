/** One consent: what was signed, since when, how often it was used, and how to change or stop it. */
import { type ReactNode, useState } from 'react'
import { useParams } from 'wouter'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Skeleton } from '../../ui/feedback.tsx'
import { Card, Cluster, EmptyState, Facts, PageHeader, Stack } from '../../ui/layout.tsx'
import { useConsents } from './consents.ts'
import { useDescription } from './describe.ts'
import { sharingMessages } from './sharing-messages.ts'
import { StopSharing } from './stop-sharing.tsx'

const texts = messages({
  en: {
    back: 'Sharing',
    none: 'There is no such sharing',
    what: 'What',
    sensitive: 'Sensitive entries',
    why: 'For what',
    howLong: 'How long',
    since: 'Since',
    from: 'From the record at',
    id: 'Number on the ledger',
    change: 'Change',
  },
  de: {
    back: 'Freigaben',
    none: 'Diese Freigabe gibt es nicht',
    what: 'Was',
    sensitive: 'Sensible Einträge',
    why: 'Wofür',
    howLong: 'Wie lange',
    since: 'Seit',
    from: 'Aus der Akte bei',
    id: 'Nummer im Register',
    change: 'Ändern',
  },
})

export default function ConsentPage(): ReactNode {
  const t = useMessages(texts)
  const shared = useMessages(sharingMessages)
  const f = useFormats()
  const describe = useDescription()
  const { data } = useConsents()
  const { consent: id } = useParams()
  const [isStopping, setIsStopping] = useState(false)
  const back = { href: '/app/sharing', label: t.back }
  if (data === undefined) return <Skeleton />
  const consent = data.find((one) => one.id === id)
  if (consent === undefined) return <EmptyState icon="search" title={t.none} />
  const { what, howLong, why, sensitive } = describe(consent)
  const isActive = consent.status === 'active'
  return (
    <>
      <PageHeader title={consent.recipient} back={back}>
        <Badge tone={isActive ? 'brand' : 'neutral'}>{shared[consent.status]}</Badge>
      </PageHeader>
      <Stack>
        <Card>
          <Facts
            facts={[
              [t.what, what],
              [t.sensitive, sensitive],
              [t.why, why],
              [t.howLong, howLong],
              [t.since, f.dateTime(consent.startMs)],
              [t.from, consent.file.member.name],
              [t.id, <code key="id">{consent.id}</code>],
            ]}
          />
        </Card>
        {isActive && (
          <Cluster>
            <Button look="primary" icon="lock" onClick={() => setIsStopping(true)}>
              {shared.stop}
            </Button>
            <ButtonLink href={`/app/sharing/new?replace=${consent.id}`}>{t.change}</ButtonLink>
          </Cluster>
        )}
      </Stack>
      {isStopping && <StopSharing consent={consent} onClose={() => setIsStopping(false)} />}
    </>
  )
}

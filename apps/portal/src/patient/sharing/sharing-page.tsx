/** Who can see the record: each consent in plain words, with the way to stop it one tap away. */
import { type ReactNode, useState } from 'react'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { IconDisc } from '../../ui/icon.tsx'
import { Card, Cluster, EmptyState, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { type Shared, useConsents } from './consents.ts'
import { useDescription } from './describe.ts'
import { sharingMessages } from './sharing-messages.ts'
import styles from './sharing-page.module.css'
import { StopSharing } from './stop-sharing.tsx'

const texts = messages({
  en: {
    title: 'Sharing',
    lead: 'Nobody outside your custodian reads your record unless it stands here.',
    share: 'Share',
    empty: 'You share with nobody',
    emptyText: 'Let a clinic, a pharmacy or a hospital read what it needs, for as long as you choose.',
    details: 'Details',
    past: 'Earlier',
    from: (custodian: string) => `from ${custodian}`,
  },
  de: {
    title: 'Freigaben',
    lead: 'Außer Ihrem Haus liest niemand Ihre Akte, der nicht hier steht.',
    share: 'Freigeben',
    empty: 'Sie geben niemandem etwas frei',
    emptyText: 'Lassen Sie eine Praxis, Apotheke oder Klinik lesen, was sie braucht, so lange Sie wollen.',
    details: 'Einzelheiten',
    past: 'Früher',
    from: (custodian: string) => `aus ${custodian}`,
  },
})

export default function SharingPage(): ReactNode {
  const t = useMessages(texts)
  const shared = useMessages(sharingMessages)
  const describe = useDescription()
  const { data, error } = useConsents()
  const [stopping, setStopping] = useState<Shared | null>(null)
  const active = data?.filter(({ status }) => status === 'active') ?? []
  const past = data?.filter(({ status }) => status !== 'active') ?? []
  return (
    <>
      <PageHeader title={t.title} lead={t.lead}>
        {active.length > 0 && (
          <ButtonLink look="primary" icon="plus" href="/app/sharing/new">
            {t.share}
          </ButtonLink>
        )}
      </PageHeader>
      {error !== null && <ErrorNotice error={error} />}
      {data === undefined && error === null && <Skeleton rows={2} />}
      {data !== undefined && active.length === 0 && (
        <Section>
          <EmptyState
            icon="lock"
            title={t.empty}
            action={
              <ButtonLink look="primary" icon="plus" href="/app/sharing/new">
                {t.share}
              </ButtonLink>
            }
          >
            {t.emptyText}
          </EmptyState>
        </Section>
      )}
      {active.length > 0 && (
        <Section>
          <Stack>
            {active.map((consent) => {
              const { what, howLong, why, sensitive } = describe(consent)
              return (
                <Card key={consent.id}>
                  <div className={styles.consent}>
                    <IconDisc name="hospital" tone="brand" />
                    <div className={styles.words}>
                      <h2>{consent.recipient}</h2>
                      <p>
                        {what}, {sensitive}
                      </p>
                      <Cluster>
                        <Badge icon="clock">{howLong}</Badge>
                        <Badge icon="stethoscope">{why}</Badge>
                      </Cluster>
                    </div>
                  </div>
                  <div className={styles.actions}>
                    <Button look="soft" icon="lock" onClick={() => setStopping(consent)}>
                      {shared.stop}
                    </Button>
                    <ButtonLink look="plain" href={`/app/sharing/${consent.id}`}>
                      {t.details}
                    </ButtonLink>
                  </div>
                </Card>
              )
            })}
          </Stack>
        </Section>
      )}
      {past.length > 0 && (
        <Section title={t.past}>
          <List>
            {past.map((consent) => (
              <Row
                key={consent.id}
                icon="hospital"
                title={consent.recipient}
                detail={describe(consent).what}
                trailing={<Badge>{shared[consent.status]}</Badge>}
                href={`/app/sharing/${consent.id}`}
              />
            ))}
          </List>
        </Section>
      )}
      {stopping !== null && <StopSharing consent={stopping} onClose={() => setStopping(null)} />}
    </>
  )
}

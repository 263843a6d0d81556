/** The members and what is open of their records: provenance, and the two ways to more. */
import type { ReactNode } from 'react'
import { useFormats } from '../../../i18n/format.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import { Badge } from '../../../ui/badge.tsx'
import { Button } from '../../../ui/button.tsx'
import { ErrorNotice } from '../../../ui/feedback.tsx'
import { IconDisc } from '../../../ui/icon.tsx'
import { Card, Cluster, Grid, Section, Stack } from '../../../ui/layout.tsx'
import styles from './source-list.module.css'
import type { Source } from './sources.ts'

const texts = messages({
  en: {
    title: 'Where records are kept',
    own: 'Own record',
    shared: 'Shared',
    emergency: 'Emergency',
    noConsent: 'No consent',
    noOwn: 'No record',
    asking: 'Asking',
    entries: (count: string) => `${count} entries`,
    noneText: 'No consent for you, or no record. Which of them is not told.',
    noOwnText: 'This patient has no record here.',
    ask: 'Ask for access',
    break: 'Emergency access',
  },
  de: {
    title: 'Wo Akten liegen',
    own: 'Eigene Akte',
    shared: 'Freigegeben',
    emergency: 'Notfall',
    noConsent: 'Keine Einwilligung',
    noOwn: 'Keine Akte',
    asking: 'Wird gefragt',
    entries: (count: string) => `${count} Einträge`,
    noneText: 'Keine Einwilligung für Sie oder keine Akte. Was davon, wird nicht gesagt.',
    noOwnText: 'Dieser Patient hat hier keine Akte.',
    ask: 'Um Zugriff bitten',
    break: 'Notfallzugriff',
  },
})

export function SourceList({
  sources,
  onAsk,
  onEmergency,
}: {
  readonly sources: readonly Source[]
  readonly onAsk: (source: Source) => void
  readonly onEmergency: (source: Source) => void
}): ReactNode {
  const t = useMessages(texts)
  return (
    <Section title={t.title}>
      <Grid>
        {sources.map((source) => (
          <SourceCard key={source.member.id} source={source} onAsk={onAsk} onEmergency={onEmergency} />
        ))}
      </Grid>
    </Section>
  )
}

function SourceCard({
  source,
  onAsk,
  onEmergency,
}: {
  readonly source: Source
  readonly onAsk: (source: Source) => void
  readonly onEmergency: (source: Source) => void
}): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const { member, isOwn, state, reading, error, emergency, retry } = source
  return (
    <Card>
      <Stack gap="s">
        <div className={styles.head}>
          <IconDisc name="hospital" tone={state === 'read' ? (isOwn ? 'brand' : 'info') : 'neutral'} />
          <div>
            <h3>{member.name}</h3>
            {state === 'asking' && <Badge>{t.asking}</Badge>}
            {state === 'none' && (isOwn ? <Badge>{t.noOwn}</Badge> : <Badge icon="lock">{t.noConsent}</Badge>)}
            {state === 'read' && (
              <Cluster>
                <Badge tone={emergency !== null ? 'danger' : isOwn ? 'brand' : 'info'}>
                  {emergency !== null ? t.emergency : isOwn ? t.own : t.shared}
                </Badge>
              </Cluster>
            )}
          </div>
        </div>
        {state === 'read' && <p className={styles.text}>{t.entries(f.number(reading?.resources.length ?? 0))}</p>}
        {state === 'none' && <p className={styles.text}>{isOwn ? t.noOwnText : t.noneText}</p>}
        {state === 'failed' && <ErrorNotice error={error} retry={retry} />}
        {state === 'none' && !isOwn && (
          <Cluster>
            <Button icon="bell" onClick={() => onAsk(source)}>
              {t.ask}
            </Button>
            <Button look="plain" icon="emergency" onClick={() => onEmergency(source)}>
              {t.break}
            </Button>
          </Cluster>
        )}
      </Stack>
    </Card>
  )
}

/** The start of the record: what is new or out of the ordinary, the parts, and a timeline across custodians. */
import type { Patient } from '@medplum/fhirtypes'
import { type ReactNode, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/feedback.tsx'
import { IconDisc } from '../../ui/icon.tsx'
import { EmptyState, List, PageHeader, Row, Section } from '../../ui/layout.tsx'
import { Sparkline } from './chart.tsx'
import { PARTS } from './items.ts'
import { useMeasurementName } from './measurement-names.ts'
import { type Series, seriesOf } from './measurements.ts'
import { PART_LOOKS, partMessages } from './part-messages.ts'
import { useRecord, type WholeRecord } from './record.ts'
import styles from './record-page.module.css'
import { type TimelineEntry, timelineOf } from './timeline.ts'
import { valueText } from './value-text.ts'

const HIGHLIGHTS_OF_PART = 2
const TIMELINE_STEP = 12

const texts = messages({
  en: {
    title: 'My record',
    born: (date: string) => `born ${date}`,
    kept: (members: string) => `kept by ${members}`,
    latest: 'At a glance',
    parts: 'Everything',
    timeline: 'Timeline',
    more: 'Show earlier',
    outside: 'Outside range',
    outsideCount: (count: number) => `${count} outside`,
    restricted: 'Sensitive',
    unanswered: (members: string) => `${members} does not answer at the moment. What it keeps is missing here.`,
    empty: 'Nothing here yet',
    emptyText: 'What your custodians record about you will stand here.',
  },
  de: {
    title: 'Meine Akte',
    born: (date: string) => `geboren am ${date}`,
    kept: (members: string) => `geführt von ${members}`,
    latest: 'Auf einen Blick',
    parts: 'Alles',
    timeline: 'Zeitverlauf',
    more: 'Früheres zeigen',
    outside: 'Außerhalb',
    outsideCount: (count: number) => `${count} außerhalb`,
    restricted: 'Sensibel',
    unanswered: (members: string) => `${members} antwortet gerade nicht. Was dort liegt, fehlt hier.`,
    empty: 'Hier ist noch nichts',
    emptyText: 'Was über Sie aufgezeichnet wird, steht dann hier.',
  },
})

export default function RecordPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const record = useRecord()
  const { items, custodians, unanswered } = record
  const patient = custodians.find((custodian) => custodian.patient !== null)?.patient ?? null
  const names = custodians.map(({ file }) => file.member.name)
  const about = [
    ...(patient?.birthDate === undefined ? [] : [t.born(f.date(patient.birthDate))]),
    t.kept(f.list(names)),
  ]
  const highlights = (['vitals', 'labs'] as const).flatMap((part) => seriesOf(items, part).slice(0, HIGHLIGHTS_OF_PART))
  return (
    <>
      <PageHeader title={patient === null ? t.title : nameOf(patient)} lead={about.join(', ')} />
      {unanswered.length > 0 && <Notice tone="warn">{t.unanswered(f.list(unanswered))}</Notice>}
      {items.length === 0 && (
        <EmptyState icon="record" title={t.empty}>
          {t.emptyText}
        </EmptyState>
      )}
      {highlights.length > 0 && (
        <Section title={t.latest}>
          <div className={styles.highlights}>
            {highlights.map((series) => (
              <Highlight key={series.code} series={series} />
            ))}
          </div>
        </Section>
      )}
      <Parts record={record} />
      {items.length > 0 && <Timeline record={record} />}
    </>
  )
}

function Highlight({ series }: { readonly series: Series }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const { latest, part, code } = series
  const title = useMeasurementName()(code, series.title)
  const { icon, tone } = PART_LOOKS[part]
  return (
    <Link href={`/app/record/${part}/${code}`} className={styles.highlight}>
      <span className={styles.highlightHead}>
        <IconDisc name={icon} tone={tone} />
        <span className={styles.highlightTitle}>{title}</span>
      </span>
      <span className={styles.value}>
        {valueText(latest.values, f)} <small>{latest.values[0]?.unit}</small>
      </span>
      <Sparkline series={series} />
      <span className={styles.highlightFoot}>
        <span>{f.date(latest.timeMs)}</span>
        {latest.isOutside && <Badge tone="danger">{t.outside}</Badge>}
      </span>
    </Link>
  )
}

function Parts({ record: { items } }: { readonly record: WholeRecord }): ReactNode {
  const t = useMessages(texts)
  const names = useMessages(partMessages)
  const name = useMeasurementName()
  const parts = PARTS.map((part) => ({ part, of: items.filter((item) => item.part === part) }))
  return (
    <Section title={t.parts}>
      <List>
        {parts.map(({ part, of }) =>
          of.length === 0 ? null : (
            <Row
              key={part}
              {...PART_LOOKS[part]}
              title={names[part]}
              detail={of[0] && name(of[0].series, of[0].title)}
              trailing={of.length}
              href={`/app/record/${part}`}
            />
          ),
        )}
      </List>
    </Section>
  )
}

function Timeline({ record: { items } }: { readonly record: WholeRecord }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const [shown, setShown] = useState(TIMELINE_STEP)
  const entries = useMemo(() => timelineOf(items), [items])
  const groups = Object.entries(Object.groupBy(entries.slice(0, shown), ({ timeMs }) => f.month(timeMs)))
  return (
    <Section title={t.timeline}>
      {groups.map(([month, of]) => (
        <div key={month} className={styles.month}>
          <h3>{month}</h3>
          <List label={month}>
            {of?.map((entry) => (
              <TimelineRow key={entry.key} entry={entry} />
            ))}
          </List>
        </div>
      ))}
      {shown < entries.length && (
        <Button look="plain" wide onClick={() => setShown(shown + 3 * TIMELINE_STEP)}>
          {t.more}
        </Button>
      )}
    </Section>
  )
}

function TimelineRow({ entry: { items, part, timeMs } }: { readonly entry: TimelineEntry }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const parts = useMessages(partMessages)
  const name = useMeasurementName()
  const [first] = items
  if (first === undefined) return null
  const outside = items.filter(({ isOutside }) => isOutside)
  const isMeasured = first.series !== null
  const measured = items.map((item) => `${name(item.series, item.title)} ${valueText(item.values, f)}`)
  return (
    <Row
      {...PART_LOOKS[part]}
      title={isMeasured ? parts[part] : first.title}
      detail={
        <>
          {[f.date(timeMs), first.performer ?? first.custodian].join(' · ')}
          {isMeasured && (
            <>
              <br />
              {measured.join(', ')}
            </>
          )}
        </>
      }
      trailing={
        isMeasured && outside.length > 0 ? (
          <Badge tone="danger">{t.outsideCount(outside.length)}</Badge>
        ) : first.isRestricted ? (
          <Badge icon="lock">{t.restricted}</Badge>
        ) : undefined
      }
      href={`/app/record/${part}`}
    />
  )
}

function nameOf({ name }: Patient): string {
  const [first] = name ?? []
  return [...(first?.given ?? []), first?.family ?? ''].join(' ').trim()
}

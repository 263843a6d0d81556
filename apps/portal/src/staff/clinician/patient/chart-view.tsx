/** What the records say: problems, medications, allergies, measurements, documents, and a timeline of all members. */
import { type ReactNode, useMemo, useState } from 'react'
import { useFormats } from '../../../i18n/format.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import { Sparkline } from '../../../patient/record/chart.tsx'
import type { Item, Part } from '../../../patient/record/items.ts'
import { useMeasurementName } from '../../../patient/record/measurement-names.ts'
import { type Series, seriesOf } from '../../../patient/record/measurements.ts'
import { PART_LOOKS, partMessages } from '../../../patient/record/part-messages.ts'
import { timelineOf } from '../../../patient/record/timeline.ts'
import { valueText } from '../../../patient/record/value-text.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Button } from '../../../ui/button.tsx'
import { List, Row, Section } from '../../../ui/layout.tsx'
import { Sheet } from '../../../ui/sheet.tsx'
import styles from '../../staff.module.css'
import { SeriesSheet } from './series-sheet.tsx'

export type HeldItem = Item & { readonly custodian: string }

const texts = messages({
  en: {
    problems: 'Problems',
    timeline: 'Timeline',
    more: 'Show all',
    past: 'past',
    severe: 'Severe',
    sensitive: 'Sensitive',
    outside: 'Outside range',
    empty: 'Nothing recorded',
  },
  de: {
    problems: 'Probleme',
    timeline: 'Zeitverlauf',
    more: 'Alle zeigen',
    past: 'früher',
    severe: 'Schwer',
    sensitive: 'Sensibel',
    outside: 'Außerhalb',
    empty: 'Nichts aufgezeichnet',
  },
})

const SHOWN = 6
const LISTS: readonly Part[] = ['conditions', 'medications', 'allergies', 'immunizations', 'procedures', 'documents']

export function Chart({ items }: { readonly items: readonly HeldItem[] }): ReactNode {
  const [opened, setOpened] = useState<HeldItem | null>(null)
  const of = (part: Part): readonly HeldItem[] => items.filter((item) => item.part === part)
  return (
    <>
      <div className={styles.columns}>
        {LISTS.slice(0, 2).map((part) => (
          <PartList key={part} part={part} items={of(part)} onOpen={setOpened} />
        ))}
        <PartList part="allergies" items={of('allergies')} onOpen={setOpened} />
        <Measurements part="vitals" items={items} />
        <Measurements part="labs" items={items} />
        {LISTS.slice(3).map((part) => (
          <PartList key={part} part={part} items={of(part)} onOpen={setOpened} />
        ))}
      </div>
      <Timeline items={items} />
      {opened !== null && (
        <Sheet title={opened.title} onClose={() => setOpened(null)}>
          <p className={styles.text}>{opened.detail}</p>
        </Sheet>
      )}
    </>
  )
}

function PartList({
  part,
  items,
  onOpen,
}: {
  readonly part: Part
  readonly items: readonly HeldItem[]
  readonly onOpen: (item: HeldItem) => void
}): ReactNode {
  const t = useMessages(texts)
  const parts = useMessages(partMessages)
  const f = useFormats()
  const [isAll, setAll] = useState(false)
  // What is over stands below what is not.
  const sorted = [...items].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent))
  const title = part === 'conditions' ? t.problems : parts[part]
  return (
    <Section title={title}>
      <List label={title}>
        {sorted.length === 0 && <Row title={t.empty} />}
        {sorted.slice(0, isAll ? sorted.length : SHOWN).map((item) => {
          const isLong = part === 'documents' && (item.detail?.length ?? 0) > 0
          return (
            <Row
              key={`${item.custodian} ${item.reference}`}
              {...PART_LOOKS[part]}
              title={item.title}
              detail={
                <>
                  {!isLong && item.detail !== null && (
                    <>
                      {item.detail}
                      <br />
                    </>
                  )}
                  {[f.date(item.timeMs), item.custodian, ...(item.isCurrent ? [] : [t.past])].join(' · ')}
                </>
              }
              {...(item.isOutside
                ? { trailing: <Badge tone="danger">{t.severe}</Badge> }
                : item.isRestricted
                  ? { trailing: <Badge icon="lock">{t.sensitive}</Badge> }
                  : {})}
              {...(isLong ? { onClick: () => onOpen(item) } : {})}
            />
          )
        })}
      </List>
      {!isAll && sorted.length > SHOWN && (
        <Button look="plain" onClick={() => setAll(true)}>
          {`${t.more} (${sorted.length})`}
        </Button>
      )}
    </Section>
  )
}

function Measurements({
  part,
  items,
}: {
  readonly part: 'vitals' | 'labs'
  readonly items: readonly HeldItem[]
}): ReactNode {
  const t = useMessages(texts)
  const parts = useMessages(partMessages)
  const f = useFormats()
  const name = useMeasurementName()
  const [opened, setOpened] = useState<Series | null>(null)
  const series = useMemo(() => seriesOf(items, part), [items, part])
  return (
    <Section title={parts[part]}>
      <List label={parts[part]}>
        {series.length === 0 && <Row title={t.empty} />}
        {series.map((one) => (
          <Row
            key={one.code}
            title={name(one.code, one.title)}
            detail={
              <>
                <strong>{valueText(one.latest.values, f)}</strong> {one.latest.values[0]?.unit} ·{' '}
                {f.date(one.latest.timeMs)} {one.latest.isOutside && <Badge tone="danger">{t.outside}</Badge>}
              </>
            }
            trailing={
              <span className={styles.spark}>
                <Sparkline series={one} />
              </span>
            }
            onClick={() => setOpened(one)}
          />
        ))}
      </List>
      {opened !== null && <SeriesSheet series={opened} items={items} onClose={() => setOpened(null)} />}
    </Section>
  )
}

function Timeline({ items }: { readonly items: readonly HeldItem[] }): ReactNode {
  const t = useMessages(texts)
  const parts = useMessages(partMessages)
  const f = useFormats()
  const name = useMeasurementName()
  const [shown, setShown] = useState(2 * SHOWN)
  const entries = useMemo(() => timelineOf(items), [items])
  return (
    <Section title={t.timeline}>
      <List label={t.timeline}>
        {entries.slice(0, shown).map(({ key, part, timeMs, items: [first, ...more] }) => {
          if (first === undefined) return null
          const measured = [first, ...more].map(
            (item) => `${name(item.series, item.title)} ${valueText(item.values, f)}`,
          )
          return (
            <Row
              key={key}
              {...PART_LOOKS[part]}
              title={first.series === null ? first.title : parts[part]}
              detail={
                <>
                  {[f.date(timeMs), first.custodian, ...(first.performer === null ? [] : [first.performer])].join(
                    ' · ',
                  )}
                  {first.series !== null && (
                    <>
                      <br />
                      {measured.join(', ')}
                    </>
                  )}
                </>
              }
            />
          )
        })}
      </List>
      {shown < entries.length && (
        <Button look="plain" wide onClick={() => setShown(shown + 6 * SHOWN)}>
          {t.more}
        </Button>
      )}
    </Section>
  )
}

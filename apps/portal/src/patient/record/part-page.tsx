/** One part of the record: measurements as series, all else as a list, what is over below what is current. */
import type { ReactNode } from 'react'
import { useParams } from 'wouter'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { EmptyState, List, PageHeader, Row, Section } from '../../ui/layout.tsx'
import { Sparkline } from './chart.tsx'
import { type Item, PARTS } from './items.ts'
import { useMeasurementName } from './measurement-names.ts'
import { seriesOf } from './measurements.ts'
import { PART_LOOKS, partMessages } from './part-messages.ts'
import { useRecord } from './record.ts'
import { valueText } from './value-text.ts'

const texts = messages({
  en: {
    back: 'My record',
    current: 'Current',
    over: 'Past',
    outside: 'Outside range',
    restricted: 'Sensitive',
    severe: 'Severe',
    empty: 'Nothing here',
  },
  de: {
    back: 'Meine Akte',
    current: 'Aktuell',
    over: 'Früher',
    outside: 'Außerhalb',
    restricted: 'Sensibel',
    severe: 'Schwer',
    empty: 'Hier ist nichts',
  },
})

export default function PartPage(): ReactNode {
  const t = useMessages(texts)
  const names = useMessages(partMessages)
  const f = useFormats()
  const name = useMeasurementName()
  const { items } = useRecord()
  const asked = useParams().part
  const part = PARTS.find((known) => known === asked)
  const back = { href: '/app/record', label: t.back }
  if (part === undefined) return <EmptyState icon="search" title={t.empty} />
  const of = items.filter((item) => item.part === part)
  const series = seriesOf(of, part)
  const others = of.filter((item) => item.series === null)
  const [current, over] = [others.filter(({ isCurrent }) => isCurrent), others.filter(({ isCurrent }) => !isCurrent)]
  return (
    <>
      <PageHeader title={names[part]} back={back} />
      {of.length === 0 && <EmptyState icon={PART_LOOKS[part].icon} title={t.empty} />}
      {series.length > 0 && (
        <Section>
          <List label={names[part]}>
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
                trailing={<Sparkline series={one} />}
                href={`/app/record/${part}/${one.code}`}
              />
            ))}
          </List>
        </Section>
      )}
      {current.length > 0 && (
        <Section {...(over.length > 0 ? { title: t.current } : {})}>
          <Items items={current} />
        </Section>
      )}
      {over.length > 0 && (
        <Section title={t.over}>
          <Items items={over} />
        </Section>
      )}
    </>
  )
}

function Items({ items }: { readonly items: readonly (Item & { custodian: string })[] }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  return (
    <List>
      {items.map((item) => (
        <Row
          key={`${item.custodian} ${item.reference}`}
          {...PART_LOOKS[item.part]}
          title={item.title}
          detail={
            <>
              {item.detail !== null && (
                <>
                  {item.detail}
                  <br />
                </>
              )}
              {[f.date(item.timeMs), item.performer ?? item.custodian].join(' · ')}
            </>
          }
          trailing={
            item.isOutside ? (
              <Badge tone="danger">{t.severe}</Badge>
            ) : item.isRestricted ? (
              <Badge icon="lock">{t.restricted}</Badge>
            ) : undefined
          }
        />
      ))}
    </List>
  )
}

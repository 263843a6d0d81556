/** One kind of measurement over time: the latest value, a chart with the reference range, every value in a table. */
import type { ReactNode } from 'react'
import { useParams } from 'wouter'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Card, Cluster, EmptyState, PageHeader, Section } from '../../ui/layout.tsx'
import { Table } from '../../ui/table.tsx'
import { Chart } from './chart.tsx'
import { type Item, isOutsideRange, PARTS, type Value } from './items.ts'
import { useMeasurementName } from './measurement-names.ts'
import { seriesOf } from './measurements.ts'
import { partMessages } from './part-messages.ts'
import { useRecord } from './record.ts'
import styles from './series-page.module.css'
import { valueText } from './value-text.ts'

const texts = messages({
  en: {
    all: 'All values',
    when: 'When',
    value: 'Value',
    range: 'Reference',
    by: 'By',
    outside: 'Outside range',
    inside: 'In range',
    none: 'Nothing here',
    chart: (title: string, count: number) =>
      `${title}: ${count} measurements; the same figures stand in the table below`,
  },
  de: {
    all: 'Alle Werte',
    when: 'Wann',
    value: 'Wert',
    range: 'Referenz',
    by: 'Von',
    outside: 'Außerhalb',
    inside: 'Im Bereich',
    none: 'Hier ist nichts',
    chart: (title: string, count: number) =>
      `${title}: ${count} Messungen; dieselben Werte stehen unten in der Tabelle`,
  },
})

export default function SeriesPage(): ReactNode {
  const t = useMessages(texts)
  const names = useMessages(partMessages)
  const f = useFormats()
  const name = useMeasurementName()
  const { items } = useRecord()
  const { part: askedPart, series: code } = useParams()
  const part = PARTS.find((known) => known === askedPart)
  const series = part && seriesOf(items, part).find((one) => one.code === code)
  if (part === undefined || series === undefined) return <EmptyState icon="search" title={t.none} />
  const measured = items.filter((item) => item.series === code)
  const { latest } = series
  const title = name(series.code, series.title)
  const hasRange = latest.values.some(({ low, high }) => low !== null || high !== null)
  const range = ({ low, high }: Value): string =>
    low === null
      ? high === null
        ? '–'
        : `≤ ${f.number(high)}`
      : high === null
        ? `≥ ${f.number(low)}`
        : `${f.number(low)}–${f.number(high)}`
  return (
    <>
      <PageHeader title={title} back={{ href: `/app/record/${part}`, label: names[part] }} />
      <Section>
        <Card>
          <Cluster>
            <p className={styles.latest}>
              {valueText(latest.values, f)} <small>{latest.values[0]?.unit}</small>
            </p>
            {hasRange && (
              <Badge tone={latest.isOutside ? 'danger' : 'brand'}>{latest.isOutside ? t.outside : t.inside}</Badge>
            )}
          </Cluster>
          <p className={styles.when}>{f.date(latest.timeMs)}</p>
          <Chart series={series} label={t.chart(title, measured.length)} />
        </Card>
      </Section>
      <Section title={t.all}>
        <Table
          label={t.all}
          items={measured}
          keyOf={({ reference, custodian }) => `${custodian} ${reference}`}
          columns={[
            { title: t.when, cell: ({ timeMs }) => f.date(timeMs) },
            {
              title: t.value,
              numeric: true,
              cell: ({ values }) => (
                <strong className={styles.figure} data-outside={values.some(isOutsideRange)}>
                  {valueText(values, f)} {values[0]?.unit}
                </strong>
              ),
            },
            ...(hasRange ? [{ title: t.range, cell: ({ values }: Item) => values.map(range).join(' / ') }] : []),
            { title: t.by, cell: ({ performer, custodian }) => performer ?? custodian },
          ]}
        />
      </Section>
    </>
  )
}

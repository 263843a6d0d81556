/** One kind of measurement over time, of all members that show it: a chart and the same figures in a table. */
import type { ReactNode } from 'react'
import { useFormats } from '../../../i18n/format.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import { Chart } from '../../../patient/record/chart.tsx'
import { useMeasurementName } from '../../../patient/record/measurement-names.ts'
import type { Series } from '../../../patient/record/measurements.ts'
import { valueText } from '../../../patient/record/value-text.ts'
import { Stack } from '../../../ui/layout.tsx'
import { Sheet } from '../../../ui/sheet.tsx'
import { Table } from '../../../ui/table.tsx'
import type { HeldItem } from './chart-view.tsx'

const texts = messages({
  en: {
    when: 'When',
    value: 'Value',
    held: 'Kept by',
    all: 'All values',
    chart: (title: string, count: number) =>
      `${title}: ${count} measurements; the same figures stand in the table below`,
  },
  de: {
    when: 'Wann',
    value: 'Wert',
    held: 'Liegt bei',
    all: 'Alle Werte',
    chart: (title: string, count: number) =>
      `${title}: ${count} Messungen; dieselben Werte stehen unten in der Tabelle`,
  },
})

export function SeriesSheet({
  series,
  items,
  onClose,
}: {
  readonly series: Series
  readonly items: readonly HeldItem[]
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const title = useMeasurementName()(series.code, series.title)
  const measured = items.filter((item) => item.series === series.code)
  return (
    <Sheet title={title} onClose={onClose}>
      <Stack>
        <Chart series={series} label={t.chart(title, measured.length)} />
        <Table
          label={t.all}
          items={measured}
          keyOf={({ custodian, reference }) => `${custodian} ${reference}`}
          columns={[
            { title: t.when, cell: ({ timeMs }) => f.date(timeMs) },
            { title: t.value, numeric: true, cell: ({ values }) => `${valueText(values, f)} ${values[0]?.unit ?? ''}` },
            { title: t.held, cell: ({ custodian }) => custodian },
          ]}
        />
      </Stack>
    </Sheet>
  )
}

/** The ledger explorer: transactions by block, and any row of state, both with proofs that this browser checks. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Cluster, PageHeader, Section, Stack } from '../../ui/layout.tsx'
import { Table } from '../../ui/table.tsx'
import { type Entry, readTile, statusQuery } from '../ledger-data.ts'
import { EntrySheet } from './entry-sheet.tsx'
import { StateForm } from './state-form.tsx'

const texts = messages({
  en: {
    title: 'Ledger',
    lead: (height: string, size: string) => `Block ${height}, ${size} transactions`,
    view: 'What to show',
    transactions: 'Transactions',
    state: 'State',
    block: 'Block',
    index: 'No.',
    time: 'Time',
    commands: 'Commands',
    result: 'Result',
    applied: 'applied',
    look: 'Details',
    older: 'Older',
    newer: 'Newer',
    details: 'Proof',
  },
  de: {
    title: 'Register',
    lead: (height: string, size: string) => `Block ${height}, ${size} Transaktionen`,
    view: 'Was gezeigt wird',
    transactions: 'Transaktionen',
    state: 'Zustand',
    block: 'Block',
    index: 'Nr.',
    time: 'Zeit',
    commands: 'Befehle',
    result: 'Ergebnis',
    applied: 'angewandt',
    look: 'Details',
    older: 'Ältere',
    newer: 'Neuere',
    details: 'Beweis',
  },
})

const PAGE = 20

export default function LedgerPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const [view, setView] = useState<'transactions' | 'state'>('transactions')
  const { data, error } = useQuery(statusQuery)
  return (
    <>
      <PageHeader
        title={t.title}
        {...(data === undefined ? {} : { lead: t.lead(f.number(data.height), f.number(data.logSize)) })}
      />
      <Stack>
        <div>
          <Segmented
            label={t.view}
            value={view}
            onChange={setView}
            options={[
              ['transactions', t.transactions],
              ['state', t.state],
            ]}
          />
        </div>
        {error !== null && <ErrorNotice error={error} />}
        {view === 'state' && <StateForm />}
        {view === 'transactions' && data !== undefined && <Transactions logSize={data.logSize} />}
      </Stack>
    </>
  )
}

function Transactions({ logSize }: { readonly logSize: number }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  /** One past the newest that is shown; null follows the log. */
  const [end, setEnd] = useState<number | null>(null)
  const [opened, setOpened] = useState<Entry | null>(null)
  const to = end ?? logSize
  const { data, error, isPending } = useQuery({
    queryKey: ['ledger', 'entries', to],
    queryFn: () => readPage(to, logSize),
    enabled: to > 0,
    placeholderData: (before) => before,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (error !== null) return <ErrorNotice error={error} />
  if (isPending && to > 0) return <Skeleton rows={4} />
  return (
    <Section>
      <Table
        label={t.transactions}
        items={data ?? []}
        keyOf={({ index }) => String(index)}
        columns={[
          { title: t.index, numeric: true, cell: ({ index }) => f.number(index) },
          { title: t.commands, cell: (entry) => commandText(entry) },
          {
            title: t.result,
            cell: ({ code }) => <Badge tone={code === null ? 'brand' : 'danger'}>{code ?? t.applied}</Badge>,
          },
          { title: t.block, numeric: true, cell: ({ height }) => f.number(height) },
          { title: t.time, cell: ({ timeMs }) => f.dateTime(timeMs) },
          {
            title: t.details,
            cell: (entry) => (
              <Button look="plain" onClick={() => setOpened(entry)}>
                {t.look}
              </Button>
            ),
          },
        ]}
      />
      <Cluster>
        <Button icon="back" disabled={end === null} onClick={() => setEnd(to + PAGE >= logSize ? null : to + PAGE)}>
          {t.newer}
        </Button>
        <Button icon="next" disabled={to <= PAGE} onClick={() => setEnd(to - PAGE)}>
          {t.older}
        </Button>
      </Cluster>
      {opened !== null && <EntrySheet entry={opened} onClose={() => setOpened(null)} />}
    </Section>
  )
}

/** `record/anchor ×12, consent/grant` */
function commandText({ transaction }: Entry): string {
  const counts = new Map<string, number>()
  for (const { contract, command } of transaction.body.commands) {
    const name = `${contract}/${command}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', ')
}

/** The entries before `to`, the newest first; they may stand in two tiles. */
async function readPage(to: number, logSize: number): Promise<readonly Entry[]> {
  const from = Math.max(0, to - PAGE)
  const last = await readTile(to - 1, logSize)
  const isWhole = last.some(({ index }) => index === from)
  const before = isWhole ? [] : await readTile(from, logSize)
  return [...before, ...last].filter(({ index }) => index >= from && index < to).reverse()
}

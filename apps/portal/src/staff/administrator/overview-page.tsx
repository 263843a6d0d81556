/** The administrator's start: is the node well? Figures of node and ledger, asked every two seconds, with their course. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { z } from 'zod'
import { useNetwork } from '../../api/network.ts'
import { staffJson } from '../../api/staff.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Card, Facts, Grid, List, PageHeader, Row, Section } from '../../ui/layout.tsx'
import { STATUS_EVERY_MS, statusQuery } from '../ledger-data.ts'
import styles from '../staff.module.css'

const texts = messages({
  en: {
    title: 'Overview',
    account: 'Account',
    well: 'The node is well',
    lagging: 'The node lags behind and refuses other members',
    height: 'Height',
    lag: 'Lag',
    waiting: 'Outbox waiting',
    transactions: 'Transactions',
    trend: (name: string) => `${name} over the last minutes`,
    ledger: 'Ledger',
    engine: 'Engine',
    lastBlock: 'Last block',
    protocol: 'Protocol',
    stateKeys: 'Rows of state',
    id: 'Ledger',
    root: 'Root of the log',
    next: 'To do',
    import: 'Import records',
    importText: 'FHIR bundles from files',
    invite: 'Invite a patient',
    inviteText: 'After checking identity in person',
    explore: 'Explore the ledger',
    exploreText: 'Transactions, and proofs checked in this browser',
  },
  de: {
    title: 'Überblick',
    account: 'Konto',
    well: 'Der Knoten ist in Ordnung',
    lagging: 'Der Knoten hinkt nach und weist andere Mitglieder ab',
    height: 'Höhe',
    lag: 'Rückstand',
    waiting: 'Im Ausgang',
    transactions: 'Transaktionen',
    trend: (name: string) => `${name} in den letzten Minuten`,
    ledger: 'Register',
    engine: 'Maschine',
    lastBlock: 'Letzter Block',
    protocol: 'Protokoll',
    stateKeys: 'Zeilen im Zustand',
    id: 'Register',
    root: 'Wurzel des Logs',
    next: 'Zu tun',
    import: 'Akten einlesen',
    importText: 'FHIR-Bundles aus Dateien',
    invite: 'Patienten einladen',
    inviteText: 'Nach Prüfung der Identität vor Ort',
    explore: 'Register ansehen',
    exploreText: 'Transaktionen und Beweise, in diesem Browser geprüft',
  },
})

const Outbox = z.object({ waiting: z.number() })
/** Behind by more, the node refuses other members (packages/node/src/limits.ts). */
const LAG_MS_MAX = 60_000
/** Four minutes. */
const SAMPLES_MAX = 120

interface Sample {
  readonly height: number
  readonly lagMs: number
  readonly waiting: number
  readonly logSize: number
}

export default function OverviewPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const { here } = useNetwork()
  const status = useQuery(statusQuery)
  const outbox = useQuery({
    queryKey: ['staff', 'outbox'],
    queryFn: () => staffJson(Outbox, '/admin/outbox'),
    refetchInterval: STATUS_EVERY_MS,
  })
  const samples = useSamples(status.data, outbox.data?.waiting, status.dataUpdatedAt)
  const now = status.data
  return (
    <>
      <PageHeader title={t.title} lead={here.name}>
        <ButtonLink href="/app/admin/account" icon="person">
          {t.account}
        </ButtonLink>
      </PageHeader>
      {status.isError && <ErrorNotice error={status.error} retry={() => status.refetch()} />}
      {outbox.isError && <ErrorNotice error={outbox.error} />}
      {now === undefined && !status.isError && <Skeleton rows={2} />}
      {now !== undefined && (
        <>
          <Section>
            <div>
              <Badge
                tone={now.lagMs <= LAG_MS_MAX ? 'brand' : 'danger'}
                icon={now.lagMs <= LAG_MS_MAX ? 'check' : 'alert'}
              >
                {now.lagMs <= LAG_MS_MAX ? t.well : t.lagging}
              </Badge>
            </div>
          </Section>
          <div className={styles.figures}>
            <Figure name={t.height} value={f.number(now.height)} course={samples.map(({ height }) => height)} />
            <Figure
              name={t.lag}
              value={`${f.number(now.lagMs / 1000, 1)} s`}
              course={samples.map(({ lagMs }) => lagMs)}
            />
            <Figure
              name={t.waiting}
              value={outbox.data === undefined ? '–' : f.number(outbox.data.waiting)}
              course={samples.map(({ waiting }) => waiting)}
            />
            <Figure
              name={t.transactions}
              value={f.number(now.logSize)}
              course={samples.map(({ logSize }) => logSize)}
            />
          </div>
        </>
      )}
      <Grid wide>
        <Section title={t.next}>
          <List>
            <Row icon="upload" tone="brand" title={t.import} detail={t.importText} href="/app/admin/import" />
            <Row icon="qr" tone="info" title={t.invite} detail={t.inviteText} href="/app/admin/patients" />
            <Row icon="ledger" tone="warn" title={t.explore} detail={t.exploreText} href="/app/admin/ledger" />
          </List>
        </Section>
        {now !== undefined && (
          <Section title={t.ledger}>
            <Card>
              <Facts
                facts={[
                  [t.lastBlock, f.dateTime(now.time)],
                  [t.engine, now.engine],
                  [t.protocol, f.number(now.protocol)],
                  [t.stateKeys, f.number(now.stateKeys)],
                  [t.root, <code key="root">{now.logRoot}</code>],
                ]}
              />
            </Card>
          </Section>
        )}
      </Grid>
    </>
  )
}

/** What was seen since the page opened, the oldest first: one sample for each time that the status was asked. */
function useSamples(
  status: { readonly height: number; readonly lagMs: number; readonly logSize: number } | undefined,
  waiting: number | undefined,
  updatedAtMs: number,
): readonly Sample[] {
  const [samples, setSamples] = useState<readonly (Sample & { readonly atMs: number })[]>([])
  useEffect(() => {
    if (status === undefined || waiting === undefined) return
    const { height, lagMs, logSize } = status
    setSamples((before) => [
      ...before.filter(({ atMs }) => atMs !== updatedAtMs).slice(1 - SAMPLES_MAX),
      { height, lagMs, logSize, waiting, atMs: updatedAtMs },
    ])
  }, [status, waiting, updatedAtMs])
  return samples
}

function Figure({
  name,
  value,
  course,
}: {
  readonly name: string
  readonly value: string
  readonly course: readonly number[]
}): ReactNode {
  const t = useMessages(texts)
  const [least, most] = [Math.min(...course), Math.max(...course)]
  const span = most - least
  const points = course.map((figure, i) => {
    const x = course.length === 1 ? 0 : (i / (course.length - 1)) * 100
    return `${x.toFixed(2)} ${(span === 0 ? 20 : 36 - ((figure - least) / span) * 32).toFixed(2)}`
  })
  return (
    <div className={styles.figure}>
      <span className={styles.figureName}>{name}</span>
      <span className={styles.figureValue}>{value}</span>
      <svg
        className={styles.trend}
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={t.trend(name)}
      >
        {points.length > 1 && <path d={`M${points.join('L')}`} />}
      </svg>
    </div>
  )
}

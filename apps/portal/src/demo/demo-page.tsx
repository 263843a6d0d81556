/** Who can be played in the demo network. `/demo/roles` lists them, `/demo/enter` makes a link that signs one in. */
import { parseAnswer, postJson, sendForJson } from '@salus/sdk'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { z } from 'zod'
import { messages, useMessages } from '../i18n/language.tsx'
import { ErrorNotice, Skeleton } from '../ui/feedback.tsx'
import { Mark } from '../ui/icon.tsx'
import { Facts, Grid, List, PageHeader, Row, Section } from '../ui/layout.tsx'
import styles from './demo-page.module.css'

const Demo = z.object({
  patients: z.array(z.object({ key: z.string(), name: z.string(), member: z.string() })),
  staff: z.array(
    z.object({ key: z.string(), name: z.string(), kind: z.enum(['operator', 'practitioner']), member: z.string() }),
  ),
  ledger: z.object({ height: z.number(), transactions: z.number(), logRoot: z.string() }),
  tour: z.array(z.string()),
})
const Entered = z.object({ url: z.string() })

const texts = messages({
  en: {
    title: 'Step into a role',
    lead: 'A hospital, a clinic and a pharmacy share one ledger on this machine. Open two roles side by side and watch what one does arrive at the other.',
    patients: 'Patients at Riverside Hospital',
    patient: 'Opens the wallet in this browser',
    clinicians: 'Clinicians',
    administrators: 'Administrators',
    ledger: 'Ledger',
    height: 'Blocks',
    transactions: 'Transactions',
    logRoot: 'Log root',
    tour: 'The same from a terminal',
  },
  de: {
    title: 'In eine Rolle schlüpfen',
    lead: 'Ein Krankenhaus, eine Praxis und eine Apotheke teilen auf diesem Rechner ein Register. Öffnen Sie zwei Rollen nebeneinander und sehen Sie, was die eine tut, bei der anderen ankommen.',
    patients: 'Patienten im Riverside Hospital',
    patient: 'Öffnet die Wallet in diesem Browser',
    clinicians: 'Ärztinnen und Ärzte',
    administrators: 'Verwaltung',
    ledger: 'Register',
    height: 'Blöcke',
    transactions: 'Transaktionen',
    logRoot: 'Wurzel des Logs',
    tour: 'Dasselbe im Terminal',
  },
})

export function DemoPage(): ReactNode {
  const t = useMessages(texts)
  const demo = useQuery({
    queryKey: ['demo'],
    queryFn: async () => parseAnswer(Demo, await sendForJson(`${location.origin}/demo/roles`)),
  })
  const enter = useMutation({
    mutationFn: async (key: string) => parseAnswer(Entered, await postJson(`${location.origin}/demo/enter`, { key })),
    onSuccess: ({ url }) => location.assign(url),
  })
  return (
    <main className={styles.page}>
      <div className={styles.brand}>
        <Mark size={44} />
        <span>Salus</span>
      </div>
      <PageHeader title={t.title} lead={t.lead} />
      {demo.isPending && <Skeleton rows={5} />}
      {demo.isError && <ErrorNotice error={demo.error} />}
      {enter.isError && <ErrorNotice error={enter.error} />}
      {demo.data !== undefined && (
        <>
          <Grid wide>
            <Section title={t.patients}>
              <List>
                {demo.data.patients.map(({ key, name }) => (
                  <Row
                    key={key}
                    icon="heart"
                    tone="vitals"
                    title={name}
                    detail={t.patient}
                    onClick={() => enter.mutate(key)}
                  />
                ))}
              </List>
            </Section>
            <div>
              {(['practitioner', 'operator'] as const).map((kind) => (
                <Section key={kind} title={kind === 'operator' ? t.administrators : t.clinicians}>
                  <List>
                    {demo.data.staff
                      .filter((role) => role.kind === kind)
                      .map(({ key, name, member }) => (
                        <Row
                          key={key}
                          icon={kind === 'operator' ? 'hospital' : 'stethoscope'}
                          tone={kind === 'operator' ? 'info' : 'brand'}
                          title={kind === 'operator' ? member : name}
                          detail={kind === 'operator' ? name : member}
                          onClick={() => enter.mutate(key)}
                        />
                      ))}
                  </List>
                </Section>
              ))}
            </div>
          </Grid>
          <details className={styles.more}>
            <summary>{t.tour}</summary>
            <pre>{demo.data.tour.join('\n')}</pre>
            <Facts
              facts={[
                [t.height, demo.data.ledger.height],
                [t.transactions, demo.data.ledger.transactions],
                [t.logRoot, <code key="root">{demo.data.ledger.logRoot}</code>],
              ]}
            />
          </details>
        </>
      )}
    </main>
  )
}

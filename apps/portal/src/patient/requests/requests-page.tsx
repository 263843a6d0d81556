/** Who asks for access. Nothing is shared until the patient has looked at it and signed. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { IconDisc } from '../../ui/icon.tsx'
import { Card, EmptyState, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { categoriesOf, categoryMessages } from '../sharing/categories.ts'
import styles from '../sharing/sharing-page.module.css'
import { type AccessRequest, endRequest, useRequests } from './requests.ts'

const texts = messages({
  en: {
    title: 'Requests',
    lead: 'Clinicians elsewhere can ask to read your record. You decide, and you may say no.',
    empty: 'Nobody is asking',
    emptyText: 'A request appears here the moment it is made.',
    asks: (who: string, what: string) => `${who} asks to read: ${what}`,
    review: 'Look and share',
    decline: 'Decline',
    earlier: 'Earlier',
    granted: 'Shared',
    declined: 'Declined',
    open: 'Open',
  },
  de: {
    title: 'Anfragen',
    lead: 'Ärzte anderswo können darum bitten, Ihre Akte zu lesen. Sie entscheiden, und Nein ist eine Antwort.',
    empty: 'Niemand fragt an',
    emptyText: 'Eine Anfrage steht hier, sobald sie gestellt ist.',
    asks: (who: string, what: string) => `${who} möchte lesen: ${what}`,
    review: 'Ansehen und freigeben',
    decline: 'Ablehnen',
    earlier: 'Früher',
    granted: 'Freigegeben',
    declined: 'Abgelehnt',
    open: 'Offen',
  },
})

export default function RequestsPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const network = useNetwork()
  const { data, error } = useRequests()
  const open = data?.filter(({ status }) => status === 'open') ?? []
  const ended = data?.filter(({ status }) => status !== 'open') ?? []
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {error !== null && <ErrorNotice error={error} />}
      {data === undefined && error === null && <Skeleton rows={2} />}
      {data !== undefined && open.length === 0 && (
        <Section>
          <EmptyState icon="inbox" title={t.empty}>
            {t.emptyText}
          </EmptyState>
        </Section>
      )}
      {open.length > 0 && (
        <Section>
          <Stack>
            {open.map((request) => (
              <OpenRequest key={request.id} request={request} />
            ))}
          </Stack>
        </Section>
      )}
      {ended.length > 0 && (
        <Section title={t.earlier}>
          <List>
            {ended.map(({ id, requester, practitionerName, madeAtMs, status }) => (
              <Row
                key={id}
                icon="hospital"
                title={network.byId(requester)?.name ?? requester}
                detail={`${practitionerName} · ${f.dateTime(madeAtMs)}`}
                trailing={<Badge>{t[status]}</Badge>}
              />
            ))}
          </List>
        </Section>
      )}
    </>
  )
}

function OpenRequest({ request }: { readonly request: AccessRequest }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const names = useMessages(categoryMessages)
  const network = useNetwork()
  const queries = useQueryClient()
  const decline = useMutation({
    mutationFn: () => endRequest(request, 'declined'),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['patient', 'requests'] }),
  })
  const what = f.list(categoriesOf(request.types).map((category) => names[category]))
  return (
    <Card>
      <div className={styles.consent}>
        <IconDisc name="stethoscope" tone="info" />
        <div className={styles.words}>
          <h2>{network.byId(request.requester)?.name ?? request.requester}</h2>
          <p>{t.asks(request.practitionerName, what)}</p>
          {request.message !== '' && <blockquote className={styles.message}>{request.message}</blockquote>}
          <p>{f.relative(request.madeAtMs)}</p>
        </div>
      </div>
      {decline.isError && <ErrorNotice error={decline.error} />}
      <div className={styles.actions}>
        <ButtonLink look="primary" href={`/app/sharing/new?request=${request.id}`}>
          {t.review}
        </ButtonLink>
        <Button look="plain" busy={decline.isPending} onClick={() => decline.mutate()}>
          {t.decline}
        </Button>
      </div>
    </Card>
  )
}

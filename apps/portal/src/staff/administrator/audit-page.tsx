/** Who saw what at this node: the AuditEvents (docs/spec/audit-event.md), the latest first. Looking here is recorded too. */
import type { AuditEvent, Bundle } from '@medplum/fhirtypes'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Network, useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Segmented } from '../../ui/field.tsx'
import { EmptyState, PageHeader, Section, Stack } from '../../ui/layout.tsx'
import { Table } from '../../ui/table.tsx'
import { nextOf, resourcesOf, searchPage } from '../fhir.ts'

const texts = messages({
  en: {
    title: 'Audit log',
    lead: 'Each access to a record at this node, also this one.',
    show: 'What to show',
    all: 'All',
    permitted: 'Permitted',
    refused: 'Refused',
    when: 'When',
    who: 'Who',
    patient: 'Patient',
    what: 'What',
    purpose: 'Purpose',
    decision: 'Decision',
    emergency: 'Emergency',
    more: 'Earlier',
    empty: 'Nothing here yet',
  },
  de: {
    title: 'Zugriffsprotokoll',
    lead: 'Jeder Zugriff auf eine Akte an diesem Knoten, auch dieser.',
    show: 'Was gezeigt wird',
    all: 'Alle',
    permitted: 'Erlaubt',
    refused: 'Verweigert',
    when: 'Wann',
    who: 'Wer',
    patient: 'Patient',
    what: 'Was',
    purpose: 'Zweck',
    decision: 'Entscheidung',
    emergency: 'Notfall',
    more: 'Frühere',
    empty: 'Hier ist noch nichts',
  },
})

type Outcome = 'all' | '0' | '8'

export default function AuditPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const network = useNetwork()
  const [outcome, setOutcome] = useState<Outcome>('all')
  const filter = outcome === 'all' ? '' : `&outcome=${outcome}`
  const log = useInfiniteQuery({
    queryKey: ['staff', 'audit', outcome],
    queryFn: ({ pageParam }) => searchPage(pageParam),
    initialPageParam: `/fhir/AuditEvent?_count=25&_total=none&_sort=-date${filter}`,
    getNextPageParam: (page: Bundle) => nextOf(page),
    staleTime: 0,
  })
  const events = (log.data?.pages ?? [])
    .flatMap(resourcesOf)
    .filter((resource) => resource.resourceType === 'AuditEvent')
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <Stack>
        <div>
          <Segmented
            label={t.show}
            value={outcome}
            onChange={setOutcome}
            options={[
              ['all', t.all],
              ['0', t.permitted],
              ['8', t.refused],
            ]}
          />
        </div>
        {log.isError && <ErrorNotice error={log.error} retry={() => log.refetch()} />}
        {log.isPending && <Skeleton rows={4} />}
        {log.isSuccess && events.length === 0 && <EmptyState icon="eye" title={t.empty} />}
        {events.length > 0 && (
          <Section>
            <Table
              label={t.title}
              items={events}
              keyOf={({ id }) => id as string}
              columns={[
                { title: t.when, cell: ({ recorded }) => f.dateTime(recorded as string) },
                {
                  title: t.decision,
                  cell: (event) => (
                    <Badge tone={event.outcome === '0' ? 'brand' : 'danger'}>
                      {event.outcome === '0' ? t.permitted : (event.outcomeDesc ?? t.refused)}
                    </Badge>
                  ),
                },
                { title: t.who, cell: (event) => whoOf(event, network) },
                { title: t.what, cell: (event) => event.subtype?.map(({ code }) => code).join(', ') ?? '' },
                {
                  title: t.purpose,
                  cell: (event) => {
                    const code = event.purposeOfEvent?.[0]?.coding?.[0]?.code
                    return code === 'BTG' ? <Badge tone="danger">{t.emergency}</Badge> : code
                  },
                },
                {
                  title: t.patient,
                  cell: (event) => <code title={patientOf(event)}>{shortened(patientOf(event))}</code>,
                },
              ]}
            />
            {log.hasNextPage && (
              <Button look="plain" wide busy={log.isFetchingNextPage} onClick={() => log.fetchNextPage()}>
                {t.more}
              </Button>
            )}
          </Section>
        )}
      </Stack>
    </>
  )
}

/** The practitioner where there is one, and the member that asked. */
function whoOf({ agent }: AuditEvent, network: Network): ReactNode {
  const requestor = agent.find((one) => one.requestor)
  const member = agent
    .flatMap(({ who, network: at }) => [who?.reference, who?.identifier?.system, at?.address])
    .map((text) => /(?:Organization\/|urn:salus:member:)([0-9a-f]{32})/.exec(text ?? '')?.[1])
    .filter((id) => id !== undefined)
  const asking = member.find((id) => id !== network.own) ?? network.own
  const who = requestor?.who
  const person = who?.identifier?.value ?? who?.reference ?? ''
  const name = network.byId(asking)?.name ?? asking
  return (
    <>
      {name}
      {person.startsWith('Practitioner/') && (
        <>
          <br />
          <code title={person}>{shortened(person)}</code>
        </>
      )}
    </>
  )
}

function patientOf({ entity }: AuditEvent): string {
  const patient = entity?.find(({ type }) => type?.code === '1')?.what
  return patient?.reference ?? patient?.identifier?.value ?? '–'
}

/** `Patient/7c8ae6f5…`: enough to tell apart; the whole stands in the tooltip. */
function shortened(reference: string): string {
  return reference.replace(/^([A-Za-z]+\/[^-]{1,8})[^/]+$/, '$1…')
}

/**
 * The clinician's start: finding a patient. Names and dates of birth are looked up here alone; a record number is asked
 * of every member, and only those answer whom the patient allows to.
 */
import type { Patient } from '@medplum/fhirtypes'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type Member, type Network, useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, EmptyState, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { ageOf, baseOf, nameOf, numbersOf, searchPatients } from '../fhir.ts'
import { sexText } from '../sex.ts'
import styles from '../staff.module.css'
import { ElsewhereSheet } from './elsewhere-sheet.tsx'

const texts = messages({
  en: {
    title: 'Patients',
    name: 'Name',
    birthDate: 'Date of birth',
    number: 'Record number',
    search: 'Search',
    start: 'Find a patient',
    startText: 'Names and dates of birth are looked up in your own records, a record number at every member.',
    found: 'Found',
    none: 'Nobody found',
    noneText: 'Another member may hold the record. Whether it does is told once the patient allows it.',
    elsewhere: 'Record at another member',
    own: 'Own record',
    shared: (member: string) => `Shared by ${member}`,
    age: (years: number) => `${years} years`,
  },
  de: {
    title: 'Patienten',
    name: 'Name',
    birthDate: 'Geburtsdatum',
    number: 'Aktennummer',
    search: 'Suchen',
    start: 'Patienten suchen',
    startText: 'Name und Geburtsdatum werden in Ihren eigenen Akten gesucht, eine Aktennummer bei allen Mitgliedern.',
    found: 'Gefunden',
    none: 'Niemand gefunden',
    noneText: 'Vielleicht führt ein anderes Mitglied die Akte. Ob es so ist, erfährt man, sobald der Patient zustimmt.',
    elsewhere: 'Akte bei anderem Mitglied',
    own: 'Eigene Akte',
    shared: (member: string) => `Freigegeben von ${member}`,
    age: (years: number) => `${years} Jahre`,
  },
})

interface Criteria {
  readonly name: string
  readonly birthDate: string
  readonly number: string
}

interface Found {
  readonly patient: Patient
  readonly member: Member
}

const EMPTY: Criteria = { name: '', birthDate: '', number: '' }
const RESULTS_MAX = 20

export default function PatientsPage(): ReactNode {
  const t = useMessages(texts)
  const network = useNetwork()
  const [draft, setDraft] = useState(EMPTY)
  const [asked, setAsked] = useState<Criteria | null>(null)
  const [isElsewhere, setElsewhere] = useState(false)
  const search = useQuery({
    queryKey: ['staff', 'patients', asked],
    queryFn: () => find(network, asked ?? EMPTY),
    enabled: asked !== null,
    staleTime: 0,
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const { name, birthDate, number } = draft
    if (name.trim() + birthDate + number.trim() !== '')
      setAsked({ name: name.trim(), birthDate, number: number.trim() })
  }
  return (
    <>
      <PageHeader title={t.title}>
        <Button icon="share" onClick={() => setElsewhere(true)}>
          {t.elsewhere}
        </Button>
      </PageHeader>
      <Section>
        <Card>
          <form className={styles.form} onSubmit={submit}>
            <TextField label={t.name} value={draft.name} onChange={(name) => setDraft({ ...draft, name })} />
            <TextField
              label={t.birthDate}
              type="date"
              value={draft.birthDate}
              onChange={(birthDate) => setDraft({ ...draft, birthDate })}
            />
            <TextField
              label={t.number}
              placeholder="MR-1234567"
              value={draft.number}
              onChange={(number) => setDraft({ ...draft, number })}
            />
            <Button look="primary" type="submit" icon="search" wide busy={search.isFetching}>
              {t.search}
            </Button>
          </form>
        </Card>
      </Section>
      {asked === null && (
        <EmptyState icon="search" title={t.start}>
          {t.startText}
        </EmptyState>
      )}
      {search.isError && <ErrorNotice error={search.error} retry={() => search.refetch()} />}
      {asked !== null && search.isPending && <Skeleton rows={2} />}
      {search.data?.length === 0 && (
        <EmptyState
          icon="person"
          title={t.none}
          action={
            <Button icon="share" onClick={() => setElsewhere(true)}>
              {t.elsewhere}
            </Button>
          }
        >
          {t.noneText}
        </EmptyState>
      )}
      {search.data !== undefined && search.data.length > 0 && <Results found={search.data} />}
      {isElsewhere && <ElsewhereSheet number={draft.number} onClose={() => setElsewhere(false)} />}
    </>
  )
}

function Results({ found }: { readonly found: readonly Found[] }): ReactNode {
  const t = useMessages(texts)
  const sex = useMessages(sexText)
  const f = useFormats()
  const { own } = useNetwork()
  return (
    <Section title={t.found}>
      <Stack>
        <List label={t.found}>
          {found.map(({ patient, member }) => {
            const age = ageOf(patient)
            const about = [
              ...(patient.birthDate === undefined ? [] : [f.date(patient.birthDate)]),
              ...(age === null ? [] : [t.age(age)]),
              ...(patient.gender === undefined ? [] : [sex[patient.gender]]),
              ...numbersOf(patient).slice(0, 1),
            ]
            return (
              <Row
                key={`${member.id} ${patient.id}`}
                icon="person"
                tone={member.id === own ? 'brand' : 'info'}
                title={nameOf(patient) || (patient.id as string)}
                detail={
                  <>
                    {about.join(' · ')}
                    <br />
                    <Badge tone={member.id === own ? 'brand' : 'info'}>
                      {member.id === own ? t.own : t.shared(member.name)}
                    </Badge>
                  </>
                }
                href={`/app/patients/${member.handle}/${patient.id}`}
              />
            )
          })}
        </List>
      </Stack>
    </Section>
  )
}

async function find(network: Network, { name, birthDate, number }: Criteria): Promise<readonly Found[]> {
  const query = new URLSearchParams({ _count: String(RESULTS_MAX) })
  if (name !== '') query.set('name', name)
  if (birthDate !== '') query.set('birthdate', birthDate)
  if (number !== '') query.set('identifier', number)
  const { here } = network
  const own = (await searchPatients('/fhir', query)).map((patient) => ({ patient, member: here }))
  if (number === '') return own
  const others = network.members.filter(({ id, status }) => id !== here.id && status === 'active')
  const answers = await Promise.allSettled(
    others.map(async (member) => {
      const patients = await searchPatients(baseOf(network, member), new URLSearchParams({ identifier: number }))
      return patients.map((patient) => ({ patient, member }))
    }),
  )
  // Who refuses says nothing of whether it knows the number.
  return [...own, ...answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))]
}

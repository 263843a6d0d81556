/** Enrolment: finds a patient, makes an invitation for the patient's wallet, or erases the patient. */
import type { Patient } from '@medplum/fhirtypes'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, Cluster, EmptyState, Facts, Grid, PageHeader, Section, Stack } from '../../ui/layout.tsx'
import { nameOf, numbersOf, searchPatients } from '../fhir.ts'
import styles from '../staff.module.css'
import { EraseSheet } from './erase-sheet.tsx'
import { InviteSheet } from './invite-sheet.tsx'

const texts = messages({
  en: {
    title: 'Patients',
    lead: 'Invite a patient whose identity you checked, or erase one.',
    name: 'Name',
    birthDate: 'Date of birth',
    number: 'Record number',
    search: 'Search',
    found: 'Found',
    none: 'Nobody found',
    born: 'Born',
    noNumber: 'none',
    invite: 'Invite',
    erase: 'Erase',
  },
  de: {
    title: 'Patienten',
    lead: 'Laden Sie Patienten ein, deren Identität Sie geprüft haben, oder löschen Sie sie.',
    name: 'Name',
    birthDate: 'Geburtsdatum',
    number: 'Aktennummer',
    search: 'Suchen',
    found: 'Gefunden',
    none: 'Niemand gefunden',
    born: 'Geboren',
    noNumber: 'keine',
    invite: 'Einladen',
    erase: 'Löschen',
  },
})

const RESULTS_MAX = 20
const EMPTY = { name: '', birthdate: '', identifier: '' }

export default function AdminPatientsPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const [draft, setDraft] = useState(EMPTY)
  const [asked, setAsked] = useState<typeof EMPTY | null>(null)
  const [inviting, setInviting] = useState<Patient | null>(null)
  const [erasing, setErasing] = useState<Patient | null>(null)
  const search = useQuery({
    queryKey: ['staff', 'enrolment', asked],
    queryFn: () => find(asked ?? EMPTY),
    enabled: asked !== null,
    staleTime: 0,
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setAsked(draft)
  }
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <Section>
        <Card>
          <form className={styles.form} onSubmit={submit}>
            <TextField label={t.name} value={draft.name} onChange={(name) => setDraft({ ...draft, name })} />
            <TextField
              label={t.birthDate}
              type="date"
              value={draft.birthdate}
              onChange={(birthdate) => setDraft({ ...draft, birthdate })}
            />
            <TextField
              label={t.number}
              value={draft.identifier}
              onChange={(identifier) => setDraft({ ...draft, identifier })}
            />
            <Button look="primary" type="submit" icon="search" wide busy={search.isFetching}>
              {t.search}
            </Button>
          </form>
        </Card>
      </Section>
      {search.isError && <ErrorNotice error={search.error} />}
      {asked !== null && search.isPending && <Skeleton rows={2} />}
      {search.data?.length === 0 && <EmptyState icon="person" title={t.none} />}
      {search.data !== undefined && search.data.length > 0 && (
        <Section title={t.found}>
          <Grid>
            {search.data.map((patient) => (
              <Card key={patient.id}>
                <Stack>
                  <h3>{nameOf(patient) || patient.id}</h3>
                  <Facts
                    facts={[
                      [t.born, patient.birthDate === undefined ? '–' : f.date(patient.birthDate)],
                      [t.number, numbersOf(patient)[0] ?? t.noNumber],
                    ]}
                  />
                  <Cluster>
                    <Button icon="qr" onClick={() => setInviting(patient)}>
                      {t.invite}
                    </Button>
                    <Button look="plain" icon="close" onClick={() => setErasing(patient)}>
                      {t.erase}
                    </Button>
                  </Cluster>
                </Stack>
              </Card>
            ))}
          </Grid>
        </Section>
      )}
      {inviting !== null && <InviteSheet patient={inviting} onClose={() => setInviting(null)} />}
      {erasing !== null && (
        <EraseSheet patient={erasing} onErased={() => search.refetch()} onClose={() => setErasing(null)} />
      )}
    </>
  )
}

function find(criteria: typeof EMPTY): Promise<readonly Patient[]> {
  const given = Object.entries(criteria).filter(([, value]) => value.trim() !== '')
  const query = given.map(([name, value]): [string, string] => [name, value.trim()])
  return searchPatients('/fhir', new URLSearchParams([...query, ['_count', String(RESULTS_MAX)]]))
}

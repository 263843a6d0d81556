/** A patient: who it is, where records lie and which of them are open, and what they say, side by side. */
import type { Patient } from '@medplum/fhirtypes'
import { type ReactNode, useState } from 'react'
import { useParams } from 'wouter'
import { type Member, useNetwork } from '../../../api/network.ts'
import { useFormats } from '../../../i18n/format.ts'
import { messages, useMessages } from '../../../i18n/language.tsx'
import { Notice, Skeleton } from '../../../ui/feedback.tsx'
import { EmptyState, PageHeader } from '../../../ui/layout.tsx'
import { ageOf, nameOf, numbersOf } from '../../fhir.ts'
import { useConsentChanges } from '../../ledger-data.ts'
import { sexText } from '../../sex.ts'
import { AskSheet } from './ask-sheet.tsx'
import { Chart } from './chart-view.tsx'
import { EmergencySheet } from './emergency-sheet.tsx'
import { SourceList } from './source-list.tsx'
import { type Source, useSources, type Who } from './sources.ts'

const texts = messages({
  en: {
    back: 'Patients',
    unnamed: (member: string) => `Patient at ${member}`,
    born: (date: string, age: number | null) => `born ${date}${age === null ? '' : `, ${age} years`}`,
    died: (date: string) => `died ${date}`,
    noMember: 'There is no such member',
    emergency: (members: string) => `Emergency access to ${members}`,
    emergencyText: (reason: string) =>
      `Reason: “${reason}”. Each access is recorded as an emergency, with your name; the patient sees it.`,
    shared: 'Other members show what the patient’s consent covers. Where they hold something back, they do not say so.',
    closed: 'Nothing of this record is open to you',
    closedText: 'Ask the patient for access. The page shows the record as soon as access is given.',
  },
  de: {
    back: 'Patienten',
    unnamed: (member: string) => `Patient bei ${member}`,
    born: (date: string, age: number | null) => `geboren am ${date}${age === null ? '' : `, ${age} Jahre`}`,
    died: (date: string) => `gestorben am ${date}`,
    noMember: 'Dieses Mitglied gibt es nicht',
    emergency: (members: string) => `Notfallzugriff auf ${members}`,
    emergencyText: (reason: string) =>
      `Grund: „${reason}“. Jeder Zugriff wird als Notfall mit Ihrem Namen aufgezeichnet; der Patient sieht ihn.`,
    shared:
      'Andere Mitglieder zeigen, was die Einwilligung des Patienten umfasst. Halten sie etwas zurück, sagen sie es nicht.',
    closed: 'Von dieser Akte ist nichts für Sie offen',
    closedText: 'Bitten Sie den Patienten um Zugriff. Sobald er ihn gibt, zeigt diese Seite die Akte.',
  },
})

export default function PatientPage(): ReactNode {
  const t = useMessages(texts)
  const { members } = useNetwork()
  const { member: handle, id, number } = useParams()
  const anchor = members.find((member) => member.handle === handle)
  if (anchor === undefined) return <EmptyState icon="hospital" title={t.noMember} />
  const who: Who = id === undefined ? { numbers: [decodeURIComponent(number ?? '')] } : { id }
  return <PatientView key={`${handle} ${id ?? number}`} anchor={anchor} who={who} />
}

function PatientView({ anchor, who }: { readonly anchor: Member; readonly who: Who }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const [emergencies, setEmergencies] = useState<Readonly<Record<string, string>>>({})
  const [asking, setAsking] = useState<Source | null>(null)
  /** Ids of the members whose patient was asked for access on this page. */
  const [asked, setAsked] = useState<readonly string[]>([])
  const [breaking, setBreaking] = useState<Source | null>(null)
  const sources = useSources(anchor, who, emergencies)
  const readings = sources.flatMap(({ reading }) => reading ?? [])
  const patient = readings.find((reading) => reading.patient !== null)?.patient ?? null
  const closed = sources.filter(({ state, isOwn }) => state === 'none' && !isOwn)
  // Each reading stands in the patient's log, so only those are asked again whose patient was asked for access.
  const awaited = sources.filter(({ member, state }) => state === 'none' && asked.includes(member.id))
  useConsentChanges(awaited.length > 0, () => {
    for (const { retry } of awaited) retry()
  })
  const inEmergency = sources.filter(({ emergency }) => emergency !== null)
  const isAsking = sources.some(({ state }) => state === 'asking')
  const items = readings.flatMap((reading) => reading.items).sort((a, b) => b.timeMs - a.timeMs)
  return (
    <>
      <PageHeader
        title={patient === null ? t.unnamed(anchor.name) : nameOf(patient)}
        lead={<About patient={patient} who={who} />}
        back={{ href: '/app/patients', label: t.back }}
      />
      {inEmergency.length > 0 && (
        <Notice
          tone="danger"
          icon="emergency"
          title={t.emergency(f.list(inEmergency.map(({ member }) => member.name)))}
        >
          {t.emergencyText(inEmergency[0]?.emergency ?? '')}
        </Notice>
      )}
      <SourceList sources={sources} onAsk={setAsking} onEmergency={setBreaking} />
      {isAsking && items.length === 0 && <Skeleton rows={4} />}
      {!isAsking && readings.length === 0 && closed.length > 0 && (
        <EmptyState icon="lock" title={t.closed}>
          {t.closedText}
        </EmptyState>
      )}
      {items.length > 0 && <Chart items={items} />}
      {sources.some(({ state, isOwn }) => state === 'read' && !isOwn) && <Notice icon="eye">{t.shared}</Notice>}
      {asking !== null && (
        <AskSheet
          source={asking}
          onSent={() => setAsked([...asked, asking.member.id])}
          onClose={() => setAsking(null)}
        />
      )}
      {breaking !== null && (
        <EmergencySheet
          member={breaking.member}
          onClose={() => setBreaking(null)}
          onOpen={(reason) => setEmergencies({ ...emergencies, [breaking.member.id]: reason })}
        />
      )}
    </>
  )
}

function About({ patient, who }: { readonly patient: Patient | null; readonly who: Who }): ReactNode {
  const t = useMessages(texts)
  const sex = useMessages(sexText)
  const f = useFormats()
  if (patient === null) return 'numbers' in who ? who.numbers.join(', ') : `Patient/${who.id}`
  const about = [
    ...(patient.birthDate === undefined ? [] : [t.born(f.date(patient.birthDate), ageOf(patient))]),
    ...(patient.deceasedDateTime === undefined ? [] : [t.died(f.date(patient.deceasedDateTime))]),
    ...(patient.gender === undefined ? [] : [sex[patient.gender]]),
    ...numbersOf(patient),
  ]
  return about.join(' · ')
}

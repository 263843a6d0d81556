/** Who saw it: each access in a sentence, emergencies first, with the verdict of this browser's own check on top. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useFormats } from '../../i18n/format.ts'
import { useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Skeleton } from '../../ui/feedback.tsx'
import { Segmented } from '../../ui/field.tsx'
import { EmptyState, Facts, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { saveFile } from '../settings/save-file.ts'
import { type Access, useAccessLog } from './access-log.ts'
import { logMessages } from './log-messages.ts'
import { Verification } from './verification.tsx'
import { useAccessWords } from './words.ts'

type Shown = 'others' | 'refused' | 'all'

const SHOWN_STEP = 50

export default function LogPage(): ReactNode {
  const t = useMessages(logMessages)
  const { data, error, refetch } = useAccessLog()
  const [shown, setShown] = useState<Shown>('others')
  const [chosen, setChosen] = useState<Access | null>(null)
  const accesses = data?.accesses.filter((access) => isShown(access, shown)) ?? []
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <Stack>
        <Verification log={data} />
        {error !== null && <ErrorNotice error={error} retry={() => refetch()} />}
        <Segmented
          label={t.show}
          options={[
            ['others', t.others],
            ['refused', t.refusedOnly],
            ['all', t.all],
          ]}
          value={shown}
          onChange={setShown}
        />
        {data === undefined && error === null && <Skeleton rows={4} />}
        {data !== undefined && accesses.length === 0 && (
          <EmptyState icon="eye" title={t.empty}>
            {t.emptyText}
          </EmptyState>
        )}
        {accesses.length > 0 && <Accesses accesses={accesses} onChoose={setChosen} />}
      </Stack>
      {chosen !== null && <AccessSheet access={chosen} onClose={() => setChosen(null)} />}
    </>
  )
}

function isShown({ reason, decision, emergency }: Access, shown: Shown): boolean {
  if (shown === 'all') return true
  if (shown === 'refused') return decision === 'deny'
  return reason !== 'patient' && (reason !== 'operator' || emergency !== null)
}

function Accesses({
  accesses,
  onChoose,
}: {
  readonly accesses: readonly Access[]
  readonly onChoose: (access: Access) => void
}): ReactNode {
  const f = useFormats()
  const t = useMessages(logMessages)
  const words = useAccessWords()
  const [count, setCount] = useState(SHOWN_STEP)
  const urgent = accesses.filter(({ emergency }) => emergency !== null)
  const others = accesses.filter(({ emergency }) => emergency === null).slice(0, count)
  const days = Object.entries(Object.groupBy(others, ({ timeMs }) => f.date(timeMs)))
  const row = (access: Access): ReactNode => {
    const { title, because, what, icon, tone } = words(access)
    const { key, emergency, count: times, timeMs, status } = access
    return (
      <Row
        key={key}
        icon={icon}
        tone={tone}
        title={title}
        detail={
          <>
            {emergency !== null
              ? t.emergencyReason(emergency)
              : [because, what].filter((part) => part !== '').join(' · ')}
            {times > 1 && ` · ${t.times(times)}`}
            <br />
            {emergency === null ? f.time(timeMs) : f.dateTime(timeMs)}
          </>
        }
        trailing={status === 'accepted' ? <Badge icon="clock">{t.waiting}</Badge> : undefined}
        onClick={() => onChoose(access)}
      />
    )
  }
  return (
    <>
      {urgent.length > 0 && <List>{urgent.map(row)}</List>}
      {days.map(([day, of]) => (
        <Section key={day} title={day}>
          <List label={day}>{of?.map(row)}</List>
        </Section>
      ))}
      {accesses.length - urgent.length > count && (
        <Button look="plain" wide onClick={() => setCount(count + SHOWN_STEP)}>
          {t.all}
        </Button>
      )}
    </>
  )
}

function AccessSheet({ access, onClose }: { readonly access: Access; readonly onClose: () => void }): ReactNode {
  const t = useMessages(logMessages)
  const f = useFormats()
  const { who, title, because, what, purpose } = useAccessWords()(access)
  const { file, sequence, timeMs, status, emergency, key } = access
  const save = useMutation({
    mutationFn: async () => {
      const proof = await file.client.proof(file.enrolment.fileId, sequence)
      saveFile(`disclosure-${sequence}.json`, 'application/json', proof)
    },
  })
  return (
    <Sheet
      title={title}
      onClose={onClose}
      actions={
        <Button wide icon="download" busy={save.isPending} disabled={status !== 'proven'} onClick={() => save.mutate()}>
          {t.proof}
        </Button>
      }
    >
      {save.isError && <ErrorNotice error={save.error} />}
      <Facts
        facts={[
          [t.who, who],
          [t.when, f.dateTime(timeMs)],
          ...(what === '' ? [] : [[t.what, what] as const]),
          [t.why, emergency === null ? purpose : t.emergencyReason(emergency)],
          ...(because === '' ? [] : [[t.decided, because] as const]),
          [t.status, status === 'proven' ? t.proven : t.waiting],
          [t.number, <code key="number">{key}</code>],
        ]}
      />
    </Sheet>
  )
}

/**
 * Sharing, on one page: who, what, how long. Below the choices stands what they come to, and the custodian's own
 * decision engine says which entries exactly the recipient would read.
 */
import { consentDocument } from '@salus/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { useNetwork } from '../../api/network.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/feedback.tsx'
import { ChoiceList, Segmented, SelectField } from '../../ui/field.tsx'
import { Card, PageHeader, Section, Stack } from '../../ui/layout.tsx'
import { useToast } from '../../ui/toast.tsx'
import { type CustodianFile, useCustodianFiles } from '../custodians.ts'
import { endRequest, useOpenRequests } from '../requests/requests.ts'
import { CATEGORIES, CATEGORY_LOOKS, type Category, categoriesOf, categoryMessages, typesOf } from './categories.ts'
import { useConsentActs, useConsents } from './consents.ts'
import { useDescription } from './describe.ts'
import { Preview } from './preview.tsx'

const DAY_MS = 86_400_000
const DURATIONS = { day: 1, month: 30, year: 365 } as const
type Duration = keyof typeof DURATIONS | 'open'

const texts = messages({
  en: {
    title: 'Share my record',
    change: 'Change what is shared',
    back: 'Sharing',
    from: 'From which record',
    who: 'Who may read it',
    what: 'What may they read',
    sensitive: 'Sensitive entries',
    sensitiveDetail: 'Such as mental health and HIV',
    duration: 'For how long',
    day: '1 day',
    month: '30 days',
    year: '1 year',
    open: 'Until I stop',
    purpose: 'For what',
    treatment: 'Treatment',
    research: 'Research',
    sum: 'This is what you share',
    sentence: (recipient: string, what: string, sensitive: string, why: string, howLong: string) =>
      `${recipient} may read ${what.toLowerCase()}, ${sensitive}, ${why}, ${howLong}.`,
    share: (recipient: string) => `Share with ${recipient}`,
    granted: (recipient: string) => `Shared with ${recipient}`,
    nothing: 'Choose at least one part.',
  },
  de: {
    title: 'Akte freigeben',
    change: 'Freigabe ändern',
    back: 'Freigaben',
    from: 'Aus welcher Akte',
    who: 'Wer darf lesen',
    what: 'Was darf gelesen werden',
    sensitive: 'Sensible Einträge',
    sensitiveDetail: 'Etwa zu Psyche oder HIV',
    duration: 'Wie lange',
    day: '1 Tag',
    month: '30 Tage',
    year: '1 Jahr',
    open: 'Bis auf Weiteres',
    purpose: 'Wofür',
    treatment: 'Behandlung',
    research: 'Forschung',
    sum: 'Das geben Sie frei',
    sentence: (recipient: string, what: string, sensitive: string, why: string, howLong: string) =>
      `${recipient} darf lesen: ${what}, ${sensitive}, ${why}, ${howLong}.`,
    share: (recipient: string) => `Für ${recipient} freigeben`,
    granted: (recipient: string) => `Für ${recipient} freigegeben`,
    nothing: 'Wählen Sie mindestens einen Teil.',
  },
})

interface Choices {
  readonly custodian: string
  readonly recipient: string
  readonly categories: readonly Category[]
  readonly sensitive: boolean
  readonly duration: Duration
  readonly purpose: 'TREAT' | 'HRESCH'
}

export default function GrantPage(): ReactNode {
  const t = useMessages(texts)
  const names = useMessages(categoryMessages)
  const [search] = useSearchParams()
  const queries = useQueryClient()
  const network = useNetwork()
  const files = useCustodianFiles().filter(({ enrolment }) => enrolment.patient !== null)
  const request = useOpenRequests().find(({ id }) => id === search.get('request'))
  const replaced = useConsents().data?.find(({ id }) => id === search.get('replace'))
  const asked = request?.types ?? replaced?.types
  const [first] = files
  const others = network.members.filter(({ status }) => status === 'active')
  const [chosen, setChosen] = useState<Partial<Choices>>({})
  const custodian = chosen.custodian ?? request?.file.member.id ?? replaced?.file.member.id ?? first?.member.id ?? ''
  const recipients = others.filter(({ id }) => id !== custodian)
  const choices: Choices = {
    custodian,
    recipient: chosen.recipient ?? request?.requester ?? replaced?.recipientId ?? recipients[0]?.id ?? '',
    categories: chosen.categories ?? (asked === undefined ? DEFAULT_CATEGORIES : categoriesOf(asked)),
    sensitive: chosen.sensitive ?? replaced?.includesSensitive ?? false,
    duration: chosen.duration ?? 'month',
    purpose: chosen.purpose ?? 'TREAT',
  }
  const set = (change: Partial<Choices>): void => setChosen({ ...chosen, ...change })
  const file = files.find(({ member }) => member.id === choices.custodian)
  return (
    <>
      <PageHeader title={replaced === undefined ? t.title : t.change} back={{ href: '/app/sharing', label: t.back }} />
      <Stack gap="l">
        {files.length > 1 && (
          <SelectField
            label={t.from}
            value={custodian}
            options={files.map(({ member }) => [member.id, member.name] as const)}
            onChange={(id) => set({ custodian: id })}
          />
        )}
        <ChoiceList
          label={t.who}
          choices={recipients.map(({ id, name }) => ({
            value: id,
            title: name,
            icon: 'hospital' as const,
            tone: 'brand' as const,
          }))}
          chosen={[choices.recipient]}
          onChange={([recipient]) => recipient !== undefined && set({ recipient })}
        />
        <ChoiceList
          label={t.what}
          many
          choices={[
            ...CATEGORIES.map((category) => ({
              value: category as Category | 'sensitive',
              title: names[category],
              icon: CATEGORY_LOOKS[category].icon,
              tone: CATEGORY_LOOKS[category].tone,
            })),
            { value: 'sensitive', title: t.sensitive, detail: t.sensitiveDetail, icon: 'lock', tone: 'danger' },
          ]}
          chosen={[...choices.categories, ...(choices.sensitive ? (['sensitive'] as const) : [])]}
          onChange={(values) =>
            set({
              categories: CATEGORIES.filter((category) => values.includes(category)),
              sensitive: values.includes('sensitive'),
            })
          }
        />
        <Stack gap="s">
          <h2>{t.duration}</h2>
          <Segmented
            label={t.duration}
            options={(['day', 'month', 'year', 'open'] as const).map((duration) => [duration, t[duration]] as const)}
            value={choices.duration}
            onChange={(duration) => set({ duration })}
          />
        </Stack>
        <Stack gap="s">
          <h2>{t.purpose}</h2>
          <Segmented
            label={t.purpose}
            options={[
              ['TREAT', t.treatment],
              ['HRESCH', t.research],
            ]}
            value={choices.purpose}
            onChange={(purpose) => set({ purpose })}
          />
        </Stack>
        {file !== undefined && (
          <Sum
            file={file}
            choices={choices}
            replaced={replaced?.id ?? null}
            onShared={async () => {
              if (request === undefined) return
              await endRequest(request, 'granted')
              await queries.invalidateQueries({ queryKey: ['patient', 'requests'] })
            }}
          />
        )}
      </Stack>
    </>
  )
}

const DEFAULT_CATEGORIES: readonly Category[] = ['person', 'measurements', 'conditions', 'allergies', 'medications']

/** What the choices come to, and the button that does it. */
function Sum({
  file,
  choices,
  replaced,
  onShared,
}: {
  readonly file: CustodianFile
  readonly choices: Choices
  readonly replaced: string | null
  readonly onShared: () => Promise<void>
}): ReactNode {
  const t = useMessages(texts)
  const network = useNetwork()
  const describe = useDescription()
  const say = useToast()
  const [, go] = useLocation()
  const { grant, revoke } = useConsentActs()
  const [startMs] = useState(Date.now)
  const recipient = network.byId(choices.recipient)?.name ?? ''
  const { categories, duration, purpose, sensitive } = choices
  const isWhole = categories.length === CATEGORIES.length
  const endMs = duration === 'open' ? null : startMs + DURATIONS[duration] * DAY_MS
  const document = useMemo(
    () =>
      consentDocument({
        patient: file.enrolment.patient ?? '',
        custodian: `Organization/${file.member.id}`,
        recipient: `Organization/${choices.recipient}`,
        types: isWhole ? [] : typesOf(categories),
        purposes: [purpose],
        withoutLabels: sensitive ? [] : ['R', 'V'],
        startMs,
        endMs,
      }),
    [file, choices.recipient, categories, purpose, sensitive, isWhole, startMs, endMs],
  )
  const share = useMutation({
    mutationFn: async () => {
      await grant(file, document)
      if (replaced !== null) await revoke(replaced)
      await onShared()
    },
    onSuccess: () => {
      say(t.granted(recipient))
      go('/app/sharing', { replace: true })
    },
  })
  const words = describe({
    types: isWhole ? [] : typesOf(categories),
    purposes: [purpose],
    includesSensitive: sensitive,
    endMs,
  })
  return (
    <Section title={t.sum}>
      <Card>
        <Stack>
          {categories.length === 0 ? (
            <p>{t.nothing}</p>
          ) : (
            <>
              <p>{t.sentence(recipient, words.what, words.sensitive, words.why, words.howLong)}</p>
              <Preview file={file} recipient={choices.recipient} document={document} replaced={replaced} />
            </>
          )}
          {share.isError && <ErrorNotice error={share.error} />}
          <Button
            look="primary"
            wide
            icon="share"
            disabled={categories.length === 0 || recipient === ''}
            busy={share.isPending}
            onClick={() => share.mutate()}
          >
            {t.share(recipient)}
          </Button>
        </Stack>
      </Card>
    </Section>
  )
}

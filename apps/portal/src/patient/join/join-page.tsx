/**
 * Joining by invitation, in three steps: the invitation is looked at, the wallet is made and protected, its recovery
 * code is written down. The code of the invitation stands behind the `#`, which browsers send nowhere.
 */
import { createWallet, PatientClient, parseAnswer, postJson, type Wallet } from '@salus/sdk'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { z } from 'zod'
import { useNetwork } from '../../api/network.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, PageHeader, Stack } from '../../ui/layout.tsx'
import { RecoveryCode } from '../settings/recovery-code.tsx'
import { fetchGenesis } from '../wallet/genesis.ts'
import { Protect } from '../wallet/protect.tsx'
import { type NewProtection, useWalletSession } from '../wallet/wallet-session.tsx'

const Joined = z.object({ custodian: z.string(), fileId: z.string(), patient: z.string() })
const Checked = z.object({ open: z.boolean() })

const texts = messages({
  en: {
    title: (member: string) => `${member} invites you`,
    lead: 'Make your wallet: from then on you see your record here, decide who else may read it, and check who did.',
    askTitle: 'Use an invitation',
    askLead: 'Scan the QR code you were given with the camera of this device, or paste the link here.',
    link: 'Invitation link',
    continue: 'Continue',
    notALink: 'This is not an invitation link.',
    closedTitle: 'This invitation cannot be used',
    closed: 'It was used before or has expired. Ask for a new one.',
    existsTitle: 'There is a wallet on this device already',
    exists: 'The invitation will be added to it. Unlock it first.',
    add: (member: string) => `Add ${member} to my wallet`,
    unlock: 'Unlock my wallet',
    codeTitle: 'Write down your recovery code',
    codeLead:
      'These 24 words restore your wallet if this device is lost. Nobody else has them, and nobody can send them to you again.',
    done: 'I have written them down',
  },
  de: {
    title: (member: string) => `${member} lädt Sie ein`,
    lead: 'Legen Sie Ihre Wallet an: Sie sehen dann hier Ihre Akte, entscheiden, wer sie sonst lesen darf, und prüfen, wer es tat.',
    askTitle: 'Einladung benutzen',
    askLead: 'Scannen Sie den QR-Code mit der Kamera dieses Geräts, oder fügen Sie den Link hier ein.',
    link: 'Einladungslink',
    continue: 'Weiter',
    notALink: 'Das ist kein Einladungslink.',
    closedTitle: 'Diese Einladung gilt nicht mehr',
    closed: 'Sie wurde schon benutzt oder ist abgelaufen. Bitten Sie um eine neue.',
    existsTitle: 'Auf diesem Gerät ist schon eine Wallet',
    exists: 'Die Einladung kommt zu ihr hinzu. Entsperren Sie sie zuerst.',
    add: (member: string) => `${member} zu meiner Wallet hinzufügen`,
    unlock: 'Wallet entsperren',
    codeTitle: 'Schreiben Sie Ihren Wiederherstellungscode auf',
    codeLead:
      'Diese 24 Wörter stellen Ihre Wallet wieder her, wenn das Gerät verloren geht. Sonst hat sie niemand, und niemand kann sie Ihnen noch einmal schicken.',
    done: 'Ich habe sie aufgeschrieben',
  },
})

interface Invitation {
  readonly code: string
  readonly ledger: string
}

export default function JoinPage(): ReactNode {
  const [invitation, setInvitation] = useState(() => invitationOf(location.hash))
  if (invitation === null) return <AskForLink onFound={setInvitation} />
  return <Join invitation={invitation} />
}

function AskForLink({ onFound }: { readonly onFound: (invitation: Invitation) => void }): ReactNode {
  const t = useMessages(texts)
  const [link, setLink] = useState('')
  const [isWrong, setIsWrong] = useState(false)
  const submit = (): void => {
    const found = invitationOf(link.slice(Math.max(link.indexOf('#'), 0)))
    setIsWrong(found === null)
    if (found !== null) onFound(found)
  }
  return (
    <>
      <PageHeader title={t.askTitle} lead={t.askLead} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Stack>
          <TextField
            label={t.link}
            value={link}
            onChange={setLink}
            error={isWrong ? t.notALink : undefined}
            autoComplete="off"
          />
          <Button look="primary" wide type="submit">
            {t.continue}
          </Button>
        </Stack>
      </form>
    </>
  )
}

function Join({ invitation }: { readonly invitation: Invitation }): ReactNode {
  const t = useMessages(texts)
  const { here } = useNetwork()
  const session = useWalletSession()
  const [, go] = useLocation()
  const [made, setMade] = useState<Wallet | null>(null)
  const check = useQuery({
    queryKey: ['join', invitation.code],
    queryFn: async () =>
      parseAnswer(Checked, await postJson(`${location.origin}/join/check`, { code: invitation.code })),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const enrol = async (wallet: Wallet): Promise<Wallet> => {
    const client = new PatientClient({ memberId: here.id, url: location.origin }, wallet.identity(here.id))
    const { custodian, fileId, patient } = parseAnswer(Joined, await client.send('/join', { code: invitation.code }))
    return wallet.withEnrolment({ custodian, url: here.url, fhir: `${here.url}/fhir`, patient, fileId })
  }
  const join = async (protection: NewProtection): Promise<void> => {
    const genesis = await fetchGenesis(invitation.ledger)
    const wallet = createWallet()
    // The keys are safe on this device before the custodian learns of them.
    await session.adopt(wallet, genesis, protection)
    const enrolled = await enrol(wallet)
    await session.save(enrolled)
    history.replaceState(null, '', location.pathname)
    setMade(enrolled)
  }
  if (made !== null) {
    return (
      <>
        <PageHeader title={t.codeTitle} lead={t.codeLead} />
        <Stack>
          <RecoveryCode wallet={made} />
          <Button look="primary" wide icon="check" onClick={() => go('/app/record', { replace: true })}>
            {t.done}
          </Button>
        </Stack>
      </>
    )
  }
  return (
    <>
      <PageHeader title={t.title(here.name)} lead={t.lead} />
      {check.isPending && <Skeleton rows={1} />}
      {check.isError && <ErrorNotice error={check.error} />}
      {check.data?.open === false && (
        <Notice tone="warn" title={t.closedTitle}>
          {t.closed}
        </Notice>
      )}
      {check.data?.open && session.state === 'none' && (
        <Card>
          <Protect onChoose={join} />
        </Card>
      )}
      {check.data?.open && session.state !== 'none' && session.state !== 'loading' && (
        <AddToWallet
          onAdd={async () => {
            const { open } = session
            if (open === null) return session.unlock()
            await session.save(await enrol(open.wallet))
            go('/app/record', { replace: true })
          }}
          label={session.state === 'open' ? t.add(here.name) : t.unlock}
        />
      )}
    </>
  )
}

function AddToWallet({ onAdd, label }: { readonly onAdd: () => Promise<void>; readonly label: string }): ReactNode {
  const t = useMessages(texts)
  const [error, setError] = useState<unknown>(null)
  return (
    <Stack>
      <Notice title={t.existsTitle}>{t.exists}</Notice>
      {error !== null && <ErrorNotice error={error} />}
      <Button look="primary" wide icon="plus" onClick={() => onAdd().catch(setError)}>
        {label}
      </Button>
    </Stack>
  )
}

function invitationOf(hash: string): Invitation | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const [code, ledger] = [parameters.get('code') ?? '', parameters.get('ledger') ?? '']
  return /^[A-Za-z0-9_-]{43}$/.test(code) && /^[0-9a-f]{64}$/.test(ledger) ? { code, ledger } : null
}

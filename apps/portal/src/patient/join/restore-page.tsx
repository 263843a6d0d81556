/**
 * Bringing a wallet to this browser: by its recovery code, when the custodians say where it is enrolled and what it
 * granted, or by a wallet file and its passphrase. The demo's page hands a file over behind the `#`.
 */
import { fromBase64url, fromUtf8, SalusError } from '@salus/core'
import { openWallet, recoverFromCustodians, type Wallet, walletFromRecoveryCode } from '@salus/sdk'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { urlOf, useNetwork } from '../../api/network.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/feedback.tsx'
import { Segmented, TextField } from '../../ui/field.tsx'
import { Card, PageHeader, Stack } from '../../ui/layout.tsx'
import { fetchGenesis } from '../wallet/genesis.ts'
import { Protect } from '../wallet/protect.tsx'
import { useWalletSession } from '../wallet/wallet-session.tsx'

const texts = messages({
  en: {
    title: 'Restore my wallet',
    lead: 'Your record and your sharing come back as they were.',
    how: 'How',
    byCode: 'Recovery code',
    byFile: 'Wallet file',
    code: 'Your 24 words',
    codeHint: 'In order, with spaces between them.',
    file: 'Wallet file',
    passphrase: 'Passphrase of the file',
    restore: 'Restore',
    protectTitle: 'Now protect it on this device',
    replaceTitle: 'There is another wallet on this device',
    replace:
      'Only one wallet fits. Removing the other one does not end what it granted; its recovery code brings it back.',
    remove: 'Remove it and continue',
    opening: 'Opening the wallet',
  },
  de: {
    title: 'Wallet wiederherstellen',
    lead: 'Ihre Akte und Ihre Freigaben kommen zurück, wie sie waren.',
    how: 'Womit',
    byCode: 'Wiederherstellungscode',
    byFile: 'Wallet-Datei',
    code: 'Ihre 24 Wörter',
    codeHint: 'Der Reihe nach, mit Leerzeichen dazwischen.',
    file: 'Wallet-Datei',
    passphrase: 'Passphrase der Datei',
    restore: 'Wiederherstellen',
    protectTitle: 'Nun schützen Sie sie auf diesem Gerät',
    replaceTitle: 'Auf diesem Gerät ist eine andere Wallet',
    replace:
      'Nur eine hat Platz. Was die andere freigab, bleibt freigegeben; ihr Wiederherstellungscode holt sie zurück.',
    remove: 'Entfernen und fortfahren',
    opening: 'Die Wallet wird geöffnet',
  },
})

interface HandedOver {
  readonly file: string
  readonly passphrase: string
}

export default function RestorePage(): ReactNode {
  const t = useMessages(texts)
  const session = useWalletSession()
  const [handed] = useState(handedOver)
  const [confirmed, setConfirmed] = useState(false)
  const isFree = session.state === 'none' || (confirmed && session.state !== 'loading')
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {session.state !== 'none' && session.state !== 'loading' && !confirmed && (
        <Stack>
          <Notice tone="warn" title={t.replaceTitle}>
            {t.replace}
          </Notice>
          <Button look="danger" wide onClick={() => session.forget().then(() => setConfirmed(true))}>
            {t.remove}
          </Button>
        </Stack>
      )}
      {isFree && (handed === null ? <Restore /> : <TakeOver handed={handed} />)}
    </>
  )
}

function Restore(): ReactNode {
  const t = useMessages(texts)
  const network = useNetwork()
  const session = useWalletSession()
  const [, go] = useLocation()
  const [how, setHow] = useState<'code' | 'file'>('code')
  const [code, setCode] = useState('')
  const [file, setFile] = useState<File | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [found, setFound] = useState<Wallet | null>(null)
  const find = useMutation({
    mutationFn: async () => {
      if (how === 'file') {
        if (file === null) throw new SalusError('wallet-malformed', 'no file was chosen')
        return openWallet(await file.text(), passphrase)
      }
      const custodians = network.members.map((member) => ({ memberId: member.id, url: urlOf(network, member) }))
      return (await recoverFromCustodians(walletFromRecoveryCode(code), custodians)).wallet
    },
    onSuccess: setFound,
  })
  if (found !== null) {
    return (
      <Card>
        <Stack>
          <h2>{t.protectTitle}</h2>
          <Protect
            onChoose={async (protection) => {
              await session.adopt(found, await fetchGenesis(null), protection)
              go('/app/record', { replace: true })
            }}
          />
        </Stack>
      </Card>
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        find.mutate()
      }}
    >
      <Stack>
        <Segmented
          label={t.how}
          options={[
            ['code', t.byCode],
            ['file', t.byFile],
          ]}
          value={how}
          onChange={setHow}
        />
        {how === 'code' ? (
          <TextField
            label={t.code}
            hint={t.codeHint}
            lines={4}
            value={code}
            onChange={setCode}
            autoComplete="off"
            required
          />
        ) : (
          <>
            <label>
              {t.file}{' '}
              <input
                type="file"
                accept="application/json"
                onChange={(event) => setFile(event.target.files?.[0] ?? null)}
              />
            </label>
            <TextField
              label={t.passphrase}
              type="password"
              value={passphrase}
              onChange={setPassphrase}
              autoComplete="off"
            />
          </>
        )}
        {find.isError && <ErrorNotice error={find.error} />}
        <Button look="primary" wide type="submit" busy={find.isPending}>
          {t.restore}
        </Button>
      </Stack>
    </form>
  )
}

/** A file that came with the address, and its passphrase, by which it stays protected here. */
function TakeOver({ handed }: { readonly handed: HandedOver }): ReactNode {
  const t = useMessages(texts)
  const session = useWalletSession()
  const [, go] = useLocation()
  const begun = useRef(false)
  const take = useMutation({
    mutationFn: async () => session.adoptFile(handed.file, handed.passphrase, await fetchGenesis(null)),
    onSuccess: () => go('/app/record', { replace: true }),
  })
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    history.replaceState(null, '', location.pathname)
    take.mutate()
  }, [take.mutate])
  if (take.isError) return <ErrorNotice error={take.error} />
  return (
    <Button look="primary" wide busy>
      {t.opening}
    </Button>
  )
}

function handedOver(): HandedOver | null {
  const parameters = new URLSearchParams(location.hash.replace(/^#/, ''))
  const [wallet, passphrase] = [parameters.get('wallet'), parameters.get('passphrase')]
  if (wallet === null || passphrase === null) return null
  try {
    return { file: fromUtf8(fromBase64url(wallet)), passphrase }
  } catch {
    return null
  }
}

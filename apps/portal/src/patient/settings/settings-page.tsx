/** Settings of the patient: look and language, the wallet and its recovery code, downloads, this device. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Appearance } from '../../ui/appearance.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/feedback.tsx'
import { TextField } from '../../ui/field.tsx'
import { List, PageHeader, Row, Section } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useCustodianFiles } from '../custodians.ts'
import { useOpenWallet, useWalletSession } from '../wallet/wallet-session.tsx'
import { useDownloads } from './downloads.ts'
import { RecoveryCode } from './recovery-code.tsx'

const texts = messages({
  en: {
    title: 'Settings',
    wallet: 'Wallet',
    passkey: 'Protected by a passkey',
    passphrase: 'Protected by a passphrase',
    walletDetail: 'The keys are on this device and nowhere else',
    code: 'Recovery code',
    codeDetail: '24 words that restore your wallet',
    codeShow: 'Show the words',
    codeWarning: 'Whoever has these words has your wallet. Show them to nobody.',
    confirm: 'Passphrase',
    second: 'Use on a second device',
    secondDetail: 'Open this portal there and enter the recovery code',
    custodians: 'Custodians of my record',
    custodian: 'Enrolled',
    download: 'Take it with you',
    record: 'My record',
    recordDetail: 'FHIR bundle, for other applications',
    log: 'My access log',
    logDetail: 'Every entry with the batches and statements that prove it',
    file: 'Wallet file',
    fileDetail: 'Encrypted; opens with the same protection',
    device: 'This device',
    lock: 'Lock now',
    remove: 'Remove the wallet from this device',
    removeTitle: 'Remove the wallet?',
    removeText: 'Your record and what you share stay as they are. To come back you need the recovery code.',
    removeDo: 'Remove',
  },
  de: {
    title: 'Einstellungen',
    wallet: 'Wallet',
    passkey: 'Mit Passkey geschützt',
    passphrase: 'Mit Passphrase geschützt',
    walletDetail: 'Die Schlüssel sind auf diesem Gerät und sonst nirgends',
    code: 'Wiederherstellungscode',
    codeDetail: '24 Wörter, die Ihre Wallet wiederherstellen',
    codeShow: 'Wörter zeigen',
    codeWarning: 'Wer diese Wörter hat, hat Ihre Wallet. Zeigen Sie sie niemandem.',
    confirm: 'Passphrase',
    second: 'Auf einem zweiten Gerät benutzen',
    secondDetail: 'Öffnen Sie dort dieses Portal und geben Sie den Code ein',
    custodians: 'Wer meine Akte führt',
    custodian: 'Angemeldet',
    download: 'Zum Mitnehmen',
    record: 'Meine Akte',
    recordDetail: 'FHIR-Bundle, für andere Programme',
    log: 'Meine Zugriffsliste',
    logDetail: 'Jeder Eintrag mit Bündeln und Unterschriften, die ihn beweisen',
    file: 'Wallet-Datei',
    fileDetail: 'Verschlüsselt; derselbe Schutz öffnet sie',
    device: 'Dieses Gerät',
    lock: 'Jetzt sperren',
    remove: 'Wallet von diesem Gerät entfernen',
    removeTitle: 'Wallet entfernen?',
    removeText: 'Ihre Akte und Ihre Freigaben bleiben, wie sie sind. Zurück kommen Sie mit dem Wiederherstellungscode.',
    removeDo: 'Entfernen',
  },
})

export default function SettingsPage(): ReactNode {
  const t = useMessages(texts)
  const session = useWalletSession()
  const { protection } = useOpenWallet()
  const files = useCustodianFiles()
  const downloads = useDownloads()
  const [sheet, setSheet] = useState<'code' | 'remove' | null>(null)
  const [, go] = useLocation()
  const save = useMutation({ mutationFn: (act: () => Promise<void>) => act() })
  return (
    <>
      <PageHeader title={t.title} />
      <Appearance />
      <Section title={t.wallet}>
        <List>
          <Row
            icon={protection === 'passkey' ? 'fingerprint' : 'key'}
            tone="brand"
            title={t[protection]}
            detail={t.walletDetail}
          />
          <Row icon="key" tone="warn" title={t.code} detail={t.codeDetail} onClick={() => setSheet('code')} />
          <Row icon="device" tone="info" title={t.second} detail={t.secondDetail} onClick={() => setSheet('code')} />
        </List>
      </Section>
      <Section title={t.custodians}>
        <List>
          {files.map(({ member, enrolment }) => (
            <Row key={enrolment.fileId} icon="hospital" tone="brand" title={member.name} detail={t.custodian} />
          ))}
        </List>
      </Section>
      <Section title={t.download}>
        {save.isError && <ErrorNotice error={save.error} />}
        <List>
          <Row icon="download" title={t.record} detail={t.recordDetail} onClick={() => save.mutate(downloads.record)} />
          <Row icon="verified" title={t.log} detail={t.logDetail} onClick={() => save.mutate(downloads.log)} />
          <Row icon="lock" title={t.file} detail={t.fileDetail} onClick={() => save.mutate(downloads.wallet)} />
        </List>
      </Section>
      <Section title={t.device}>
        <List>
          <Row icon="exit" title={t.lock} onClick={() => session.lock()} />
          <Row icon="close" tone="danger" title={t.remove} onClick={() => setSheet('remove')} />
        </List>
      </Section>
      {sheet === 'code' && <CodeSheet onClose={() => setSheet(null)} />}
      {sheet === 'remove' && (
        <Sheet
          title={t.removeTitle}
          onClose={() => setSheet(null)}
          actions={
            <Button look="danger" wide onClick={() => session.forget().then(() => go('/', { replace: true }))}>
              {t.removeDo}
            </Button>
          }
        >
          <p>{t.removeText}</p>
        </Sheet>
      )}
    </>
  )
}

/** Shows the code after a fresh proof of who is there. */
function CodeSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useMessages(texts)
  const session = useWalletSession()
  const { wallet, protection } = useOpenWallet()
  const [passphrase, setPassphrase] = useState('')
  const show = useMutation({ mutationFn: () => session.unlock(passphrase) })
  return (
    <Sheet
      title={t.code}
      onClose={onClose}
      actions={
        !show.isSuccess && (
          <Button
            look="primary"
            wide
            icon={protection === 'passkey' ? 'fingerprint' : 'eye'}
            busy={show.isPending}
            onClick={() => show.mutate()}
          >
            {t.codeShow}
          </Button>
        )
      }
    >
      <Notice tone="warn">{t.codeWarning}</Notice>
      {show.isError && <ErrorNotice error={show.error} />}
      {show.isSuccess && <RecoveryCode wallet={wallet} />}
      {!show.isSuccess && protection === 'passphrase' && (
        <TextField
          label={t.confirm}
          type="password"
          value={passphrase}
          onChange={setPassphrase}
          autoComplete="current-password"
        />
      )}
    </Sheet>
  )
}

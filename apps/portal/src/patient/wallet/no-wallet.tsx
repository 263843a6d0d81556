/** What somebody sees who has no wallet in this browser. */
import type { ReactNode } from 'react'
import { messages, useMessages } from '../../i18n/language.tsx'
import { List, PageHeader, Row } from '../../ui/layout.tsx'

const texts = messages({
  en: {
    title: 'No wallet on this device yet',
    lead: 'Your wallet holds the keys to your record. Make one with an invitation, or bring the one you have.',
    join: 'Use an invitation',
    joinDetail: 'A link or QR code from your hospital or clinic',
    restore: 'Restore my wallet',
    restoreDetail: 'With a recovery code or a wallet file',
  },
  de: {
    title: 'Noch keine Wallet auf diesem Gerät',
    lead: 'Ihre Wallet hält die Schlüssel zu Ihrer Akte. Legen Sie mit einer Einladung eine an, oder holen Sie Ihre her.',
    join: 'Einladung benutzen',
    joinDetail: 'Ein Link oder QR-Code Ihrer Klinik',
    restore: 'Wallet wiederherstellen',
    restoreDetail: 'Mit Wiederherstellungscode oder Wallet-Datei',
  },
})

export function NoWallet(): ReactNode {
  const t = useMessages(texts)
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <List>
        <Row icon="qr" tone="brand" title={t.join} detail={t.joinDetail} href="/app/join" />
        <Row icon="device" tone="info" title={t.restore} detail={t.restoreDetail} href="/app/restore" />
      </List>
    </>
  )
}

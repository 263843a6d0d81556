/** The first page of a node: patients to the left of the fork, staff to the right. */
import type { ReactNode } from 'react'
import { useNetwork } from '../api/network.ts'
import { messages, useMessages } from '../i18n/language.tsx'
import { List, PageHeader, Row, Section } from '../ui/layout.tsx'

const texts = messages({
  en: {
    title: 'Your record. Your say.',
    lead: (member: string) =>
      `This is the portal of ${member}. See your health record, decide who may read it, and check who did.`,
    patients: 'For patients',
    open: 'Open my record',
    openDetail: 'With the wallet on this device',
    join: 'I have an invitation',
    joinDetail: 'A link or QR code from your hospital or clinic',
    restore: 'Restore my wallet',
    restoreDetail: 'With a recovery code or a wallet file',
    staff: 'For staff',
    signIn: 'Sign in',
    signInDetail: (member: string) => `Clinicians and administrators of ${member}`,
  },
  de: {
    title: 'Ihre Akte. Ihr Wort.',
    lead: (member: string) =>
      `Dies ist das Portal von ${member}. Lesen Sie Ihre Akte, entscheiden Sie, wer sie lesen darf, und prüfen Sie, wer es tat.`,
    patients: 'Für Patienten',
    open: 'Meine Akte öffnen',
    openDetail: 'Mit der Wallet auf diesem Gerät',
    join: 'Ich habe eine Einladung',
    joinDetail: 'Ein Link oder QR-Code Ihrer Klinik',
    restore: 'Meine Wallet wiederherstellen',
    restoreDetail: 'Mit Wiederherstellungscode oder Wallet-Datei',
    staff: 'Für Mitarbeitende',
    signIn: 'Anmelden',
    signInDetail: (member: string) => `Ärzte und Verwaltung von ${member}`,
  },
})

export default function WelcomePage(): ReactNode {
  const t = useMessages(texts)
  const { here } = useNetwork()
  return (
    <>
      <PageHeader title={t.title} lead={t.lead(here.name)} />
      <Section title={t.patients}>
        <List>
          <Row icon="record" tone="brand" title={t.open} detail={t.openDetail} href="/app/record" />
          <Row icon="qr" tone="info" title={t.join} detail={t.joinDetail} href="/app/join" />
          <Row icon="device" title={t.restore} detail={t.restoreDetail} href="/app/restore" />
        </List>
      </Section>
      <Section title={t.staff}>
        <List>
          <Row
            icon="stethoscope"
            tone="brand"
            title={t.signIn}
            detail={t.signInDetail(here.name)}
            href="/app/sign-in"
          />
        </List>
      </Section>
    </>
  )
}

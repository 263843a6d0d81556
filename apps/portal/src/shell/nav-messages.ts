/** What the navigation calls the pages. */
import { messages } from '../i18n/language.tsx'

export const navMessages = messages({
  en: {
    navigation: 'Main navigation',
    skip: 'Skip to content',
    record: 'Record',
    sharing: 'Sharing',
    accessLog: 'Access log',
    requests: 'Requests',
    settings: 'Settings',
    patients: 'Patients',
    overview: 'Overview',
    account: 'Account',
    ledger: 'Ledger',
    members: 'Members',
    staff: 'Staff',
    audit: 'Audit',
    signedInAt: (member: string) => `at ${member}`,
  },
  de: {
    navigation: 'Hauptnavigation',
    skip: 'Zum Inhalt',
    record: 'Akte',
    sharing: 'Freigaben',
    accessLog: 'Zugriffe',
    requests: 'Anfragen',
    settings: 'Einstellungen',
    patients: 'Patienten',
    overview: 'Überblick',
    account: 'Konto',
    ledger: 'Register',
    members: 'Mitglieder',
    staff: 'Personal',
    audit: 'Protokoll',
    signedInAt: (member: string) => `bei ${member}`,
  },
})

export type NavLabel = Exclude<keyof (typeof navMessages)['en'], 'navigation' | 'skip' | 'signedInAt'>

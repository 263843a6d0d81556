/**
 * The portal's icons: 24 by 24, one line of 1.75, round ends. Each is a list of paths here, so no icon font and no
 * library. They are decoration: the text beside them, or the `aria-label` of their button, says what they mean.
 */
import type { ReactNode } from 'react'
import styles from './icon.module.css'

const PATHS = {
  record: ['M8 4h8a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3Z', 'M9 9h6', 'M9 13h6', 'M9 17h3'],
  heart: ['M12 20s-7.5-4.6-7.5-10.2A4.3 4.3 0 0 1 12 7.2a4.3 4.3 0 0 1 7.5 2.6C19.5 15.4 12 20 12 20Z'],
  pulse: ['M3 12h4l2.5-6.5 4.5 13 2.5-6.500H21'],
  flask: ['M10 3h4', 'M11 3v6.200L5.6 18a2 2 0 0 0 1.7 3h9.400a2 2 0 0 0 1.7-3L13 9.200V3', 'M8 15h8'],
  pill: ['M10.5 20.500a4.95 4.95 0 0 1-7-7l7-7a4.95 4.95 0 1 1 7 7Z', 'm7 10 7 7'],
  stethoscope: [
    'M6 3H4.500v5a4.5 4.5 0 0 0 9 0V3H12',
    'M9 12.500V15a5 5 0 0 0 10 0v-2',
    'M19 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  ],
  document: ['M14 3H7.500A2.5 2.5 0 0 0 5 5.500v13A2.5 2.5 0 0 0 7.5 21h9a2.5 2.5 0 0 0 2.5-2.500V8Z', 'M14 3v5h5'],
  syringe: [
    'm18 2 4 4',
    'm17 7 3-3',
    'M19 9 8.7 19.300a2.4 2.4 0 0 1-3.4 0l-.6-.600a2.4 2.4 0 0 1 0-3.400L15 5',
    'm9 11 4 4',
    'm5 19-3 3',
    'm14 4 6 6',
  ],
  visit: [
    'M8 3v3',
    'M16 3v3',
    'M5.5 5h13A1.5 1.5 0 0 1 20 6.500v12a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 18.500v-12A1.5 1.5 0 0 1 5.5 5Z',
    'M4 10h16',
  ],
  alert: ['M12 4 2.8 19.500h18.400Z', 'M12 10v4', 'M12 17h.01'],
  emergency: ['M12 3v18', 'm4.2 7.5 15.6 9', 'm19.8 7.5-15.6 9'],
  share: [
    'M17 11a3 3 0 1 0-3-3 3 3 0 0 0 3 3Z',
    'M7 15a3 3 0 1 0-3-3 3 3 0 0 0 3 3Z',
    'M17 22a3 3 0 1 0-3-3 3 3 0 0 0 3 3Z',
    'm9.6 10.6 4.8-2.2',
    'm9.6 13.4 4.8 4.2',
  ],
  eye: ['M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z', 'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z'],
  bell: ['M18 9a6 6 0 0 0-12 0c0 6-2.5 7.5-2.5 7.500h17S18 15 18 9', 'M10 20a2.2 2.2 0 0 0 4 0'],
  settings: [
    'M4 7h9',
    'M17 7h3',
    'M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
    'M4 17h3',
    'M11 17h9',
    'M9 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  ],
  shield: ['M12 3 5 5.500V11c0 4.7 2.9 8 7 10 4.1-2 7-5.3 7-10V5.500Z'],
  verified: ['M12 3 5 5.500V11c0 4.7 2.9 8 7 10 4.1-2 7-5.3 7-10V5.500Z', 'm9 11.8 2.2 2.2 4-4.3'],
  broken: ['M12 3 5 5.500V11c0 4.7 2.9 8 7 10 4.1-2 7-5.3 7-10V5.500Z', 'm9.7 9.5 4.6 4.6', 'm14.3 9.5-4.6 4.6'],
  check: ['m5 12.5 4.5 4.500L19 7.5'],
  close: ['m6 6 12 12', 'M18 6 6 18'],
  plus: ['M12 5v14', 'M5 12h14'],
  minus: ['M5 12h14'],
  back: ['m14.5 6-6 6 6 6'],
  next: ['m9.5 6 6 6-6 6'],
  down: ['m6 9.5 6 6 6-6'],
  lock: [
    'M7 11V8a5 5 0 0 1 10 0v3',
    'M6.5 11h11a1.5 1.5 0 0 1 1.5 1.500v6a1.5 1.5 0 0 1-1.5 1.500h-11A1.5 1.5 0 0 1 5 18.500v-6A1.5 1.5 0 0 1 6.5 11Z',
  ],
  key: ['M15.5 13.500a5 5 0 1 0-4.6-3L4 17.400V20h3v-2h2v-2h1.600l2.9-2.900a5 5 0 0 0 2 .400Z', 'M16 8.500h.01'],
  fingerprint: [
    'M12 11v2.500c0 2.5-.4 4.6-1.2 6.5',
    'M8.5 20c1-2 1.5-4 1.5-6.500V11a2 2 0 0 1 4 0v2.500c0 2-.2 4-.7 5.8',
    'M5.5 17.500C6.2 16 6.5 14 6.5 12v-1a5.5 5.5 0 0 1 11 0v2c0 1.7-.1 3.3-.4 4.8',
    'M4 8.500A8.5 8.5 0 0 1 20.3 9',
  ],
  search: ['M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z', 'm20 20-4-4'],
  download: ['M12 4v11', 'm7.5 10.5 4.5 4.5 4.5-4.5', 'M5 19.500h14'],
  upload: ['M12 15V4', 'm7.5 8.5 4.5-4.5 4.5 4.5', 'M5 19.500h14'],
  device: [
    'M8.5 3h7A1.5 1.5 0 0 1 17 4.500v15a1.5 1.5 0 0 1-1.5 1.500h-7A1.5 1.5 0 0 1 7 19.500v-15A1.5 1.5 0 0 1 8.5 3Z',
    'M11 18h2',
  ],
  person: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z', 'M4.5 20.500a7.5 7.5 0 0 1 15 0'],
  people: [
    'M9 11.500A3.5 3.5 0 1 0 9 4.500a3.5 3.5 0 0 0 0 7Z',
    'M2.5 20a6.5 6.5 0 0 1 13 0',
    'M16 4.700a3.5 3.5 0 0 1 0 6.6',
    'M18 14.500a6.5 6.5 0 0 1 3.5 5.5',
  ],
  hospital: [
    'M5 21V6.500A1.5 1.5 0 0 1 6.5 5h11A1.5 1.5 0 0 1 19 6.500V21',
    'M3 21h18',
    'M12 8.500v5',
    'M9.5 11h5',
    'M10 21v-4h4v4',
  ],
  ledger: ['m12 3 8 4.5-8 4.5-8-4.500Z', 'm4 12 8 4.5 8-4.5', 'm4 16.5 8 4.5 8-4.5'],
  inbox: [
    'M4 13h4.500l1.5 2.500h4l1.5-2.500H20',
    'M6.5 5h11L20 13v4.500a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 17.500V13Z',
  ],
  vote: ['m9 11.5 2.2 2.2 4.3-4.7', 'M4 15v4.500h16V15', 'M6.5 16V5.500h11V16'],
  qr: ['M4 4h6v6H4Z', 'M14 4h6v6h-6Z', 'M4 14h6v6H4Z', 'M14 14h2.500v2.5', 'M20 14v2.5', 'M14 20h2.5', 'M20 20h-.01'],
  language: [
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
    'M3 12h18',
    'M12 3c2.5 2.5 3.5 5.5 3.5 9s-1 6.5-3.5 9c-2.5-2.5-3.5-5.5-3.5-9s1-6.5 3.5-9Z',
  ],
  moon: ['M20 14.500A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.500Z'],
  exit: ['M14 4H6.500A1.5 1.5 0 0 0 5 5.500v13A1.5 1.5 0 0 0 6.5 20H14', 'M10 12h10', 'm16.5 8.5 3.5 3.5-3.5 3.5'],
  clock: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z', 'M12 7.500V12l3 2'],
  refresh: ['M20 11A8 8 0 0 0 5.5 7L4 8.5', 'M4 4v4.500h4.5', 'M4 13a8 8 0 0 0 14.5 4l1.5-1.5', 'M20 20v-4.500h-4.5'],
  scissors: [
    'M6.5 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
    'M6.5 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
    'M8.6 7.8 20 18',
    'M8.6 16.2 20 6',
  ],
  info: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z', 'M12 11v5', 'M12 8h.01'],
  offline: [
    'm4 4 16 16',
    'M8.5 15.500a5 5 0 0 1 5.5-1',
    'M5 12a10 10 0 0 1 4-2.4',
    'M13 8.600A10 10 0 0 1 19 12',
    'M12 19h.01',
  ],
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 24 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg className={styles.icon} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      {PATHS[name].map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  )
}

export type Tone = 'brand' | 'danger' | 'warn' | 'info' | 'neutral' | RecordPart
export type RecordPart =
  | 'vitals'
  | 'labs'
  | 'medications'
  | 'conditions'
  | 'visits'
  | 'immunizations'
  | 'documents'
  | 'procedures'

/** An icon on a soft round ground in the colour of what it stands for. */
export function IconDisc({ name, tone = 'brand' }: { readonly name: IconName; readonly tone?: Tone }): ReactNode {
  return (
    <span className={styles.disc} data-tone={tone}>
      <Icon name={name} size={22} />
    </span>
  )
}

/** The mark of Salus: the serpent of the goddess, about a bowl. */
export function Mark({ size = 36 }: { readonly size?: number }): ReactNode {
  return (
    <svg className={styles.mark} viewBox="0 0 64 64" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="18" />
      <path d="M44 20.500c-2.9-4-7.4-6-12.2-6-6.8 0-11.8 3.6-11.8 9.3 0 12.6 24.6 6.2 24.6 18.6 0 5.6-5.2 9.1-12.3 9.1-5.2 0-10-2.1-13.1-6.4" />
      <circle cx="44" cy="20.5" r="5" />
    </svg>
  )
}

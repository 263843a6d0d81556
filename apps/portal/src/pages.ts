/**
 * Every page of the portal, in one list. To add one:
 *
 * 1. make a folder below `patient/`, `staff/clinician/` or `staff/administrator/` with a component as default export,
 *    its texts in `messages({ en, de })` beside it, and its styles in a CSS module; build it of `ui/`;
 * 2. add a line here. `load` keeps it in a bundle of its own; `nav` puts it into the navigation of its audience;
 * 3. visit it in a test of `test/portal`, where `look` runs axe in both colour schemes and keeps a picture.
 *
 * The audience decides which frame a page stands in and who is asked to sign in first. What a page may do is decided
 * by the node, by scopes and consents.
 */
import { type ComponentType, type LazyExoticComponent, lazy } from 'react'
import type { NavLabel } from './shell/nav-messages.ts'
import type { IconName } from './ui/icon.tsx'

export type Audience = 'anyone' | 'patient' | 'clinician' | 'administrator'

export interface Page {
  /** Below `/app`, or `/`; in the syntax of wouter. */
  readonly path: string
  readonly audience: Audience
  readonly component: LazyExoticComponent<ComponentType>
  readonly nav?: { readonly label: NavLabel; readonly icon: IconName }
}

type Load = () => Promise<{ default: ComponentType }>

function page(audience: Audience, path: string, load: Load, nav?: Page['nav']): Page {
  return { audience, path, component: lazy(load), ...(nav === undefined ? {} : { nav }) }
}

export const PAGES: readonly Page[] = [
  page('anyone', '/', () => import('./welcome/welcome-page.tsx')),
  page('anyone', '/app/join', () => import('./patient/join/join-page.tsx')),
  page('anyone', '/app/restore', () => import('./patient/join/restore-page.tsx')),
  page('patient', '/app/record', () => import('./patient/record/record-page.tsx'), { label: 'record', icon: 'heart' }),
  page('patient', '/app/record/:part', () => import('./patient/record/part-page.tsx')),
  page('patient', '/app/record/:part/:series', () => import('./patient/record/series-page.tsx')),
  page('patient', '/app/sharing', () => import('./patient/sharing/sharing-page.tsx'), {
    label: 'sharing',
    icon: 'share',
  }),
  page('patient', '/app/sharing/new', () => import('./patient/sharing/grant-page.tsx')),
  page('patient', '/app/sharing/:consent', () => import('./patient/sharing/consent-page.tsx')),
  page('patient', '/app/access', () => import('./patient/log/log-page.tsx'), { label: 'accessLog', icon: 'eye' }),
  page('patient', '/app/requests', () => import('./patient/requests/requests-page.tsx'), {
    label: 'requests',
    icon: 'bell',
  }),
  page('patient', '/app/settings', () => import('./patient/settings/settings-page.tsx'), {
    label: 'settings',
    icon: 'settings',
  }),
  page('anyone', '/app/sign-in', () => import('./staff/sign-in-page.tsx')),
  page('clinician', '/app/patients', () => import('./staff/clinician/patients-page.tsx'), {
    label: 'patients',
    icon: 'people',
  }),
  page('clinician', '/app/account', () => import('./staff/account-page.tsx'), { label: 'account', icon: 'settings' }),
  page('clinician', '/app/patients/:member/number/:number', () => import('./staff/clinician/patient/patient-page.tsx')),
  page('clinician', '/app/patients/:member/:id', () => import('./staff/clinician/patient/patient-page.tsx')),
  page('administrator', '/app/admin', () => import('./staff/administrator/overview-page.tsx'), {
    label: 'overview',
    icon: 'pulse',
  }),
  page('administrator', '/app/admin/patients', () => import('./staff/administrator/patients-page.tsx'), {
    label: 'patients',
    icon: 'qr',
  }),
  page('administrator', '/app/admin/ledger', () => import('./staff/administrator/ledger-page.tsx'), {
    label: 'ledger',
    icon: 'ledger',
  }),
  page('administrator', '/app/admin/members', () => import('./staff/administrator/members-page.tsx'), {
    label: 'members',
    icon: 'hospital',
  }),
  page('administrator', '/app/admin/staff', () => import('./staff/administrator/users-page.tsx'), {
    label: 'staff',
    icon: 'people',
  }),
  page('administrator', '/app/admin/audit', () => import('./staff/administrator/audit-page.tsx'), {
    label: 'audit',
    icon: 'eye',
  }),
  page('administrator', '/app/admin/import', () => import('./staff/administrator/import-page.tsx')),
  page('administrator', '/app/admin/account', () => import('./staff/account-page.tsx')),
]

/** What the portal says back: notices in the page, skeletons while it loads, errors in words. */
import { SalusError } from '@salus/core'
import type { ReactNode } from 'react'
import { useMessages } from '../i18n/language.tsx'
import { Button } from './button.tsx'
import { errorMessages } from './error-messages.ts'
import styles from './feedback.module.css'
import { Icon, type IconName } from './icon.tsx'

export function Notice({
  tone = 'info',
  icon,
  title,
  children,
}: {
  readonly tone?: 'info' | 'warn' | 'danger' | 'brand'
  readonly icon?: IconName
  readonly title?: string
  readonly children?: ReactNode
}): ReactNode {
  return (
    <div className={styles.notice} data-tone={tone} role={tone === 'danger' ? 'alert' : undefined}>
      <Icon name={icon ?? (tone === 'danger' || tone === 'warn' ? 'alert' : 'info')} size={22} />
      <div>
        {title !== undefined && <p className={styles.title}>{title}</p>}
        {children !== undefined && <div>{children}</div>}
      </div>
    </div>
  )
}

/** An error in the reader's words; the code stands there for whoever helps. */
export function ErrorNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): ReactNode {
  const t = useMessages(errorMessages)
  const code = error instanceof SalusError ? error.code : 'internal'
  const known = Object.hasOwn(t, code) ? t[code as keyof typeof t] : undefined
  return (
    <Notice tone="danger" title={typeof known === 'string' ? known : t.unknown}>
      <p className={styles.code}>{code}</p>
      {retry !== undefined && (
        <Button icon="refresh" onClick={retry}>
          {t.retry}
        </Button>
      )}
    </Notice>
  )
}

/** Grey shapes where content will stand. */
export function Skeleton({ rows = 3 }: { readonly rows?: number }): ReactNode {
  const t = useMessages(errorMessages)
  return (
    <div className={styles.skeleton} role="status">
      <span className="visually-hidden">{t.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        // The shapes have no identity but their place.
        <span key={String(row)} className={styles.bone} />
      ))}
    </div>
  )
}

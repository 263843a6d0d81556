/** A word or two about the state of something. The colour repeats what the text says. */
import type { ReactNode } from 'react'
import styles from './badge.module.css'
import { Icon, type IconName } from './icon.tsx'

export function Badge({
  tone = 'neutral',
  icon,
  children,
}: {
  readonly tone?: 'neutral' | 'brand' | 'danger' | 'warn' | 'info'
  readonly icon?: IconName
  readonly children: ReactNode
}): ReactNode {
  return (
    <span className={styles.badge} data-tone={tone}>
      {icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </span>
  )
}

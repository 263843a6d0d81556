/** Buttons and links that look like them. One primary button on a page at most. */
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Link } from 'wouter'
import styles from './button.module.css'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonLook {
  readonly look?: 'primary' | 'soft' | 'plain' | 'danger'
  readonly icon?: IconName
  /** As wide as its container. */
  readonly wide?: boolean
  readonly children: ReactNode
}

type ButtonProps = ButtonLook &
  Pick<ButtonHTMLAttributes<HTMLButtonElement>, 'onClick' | 'type' | 'disabled' | 'aria-expanded' | 'aria-controls'> & {
    /** Shows that it is at work, and takes no second click. */
    readonly busy?: boolean
  }

export function Button({ look = 'soft', icon, wide = false, busy = false, children, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      className={styles.button}
      data-look={look}
      data-wide={wide}
      data-busy={busy}
    >
      {busy ? <span className={styles.spinner} /> : icon !== undefined && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </button>
  )
}

export function ButtonLink({
  look = 'soft',
  icon,
  wide = false,
  href,
  children,
}: ButtonLook & { readonly href: string }): ReactNode {
  return (
    <Link href={href} className={styles.button} data-look={look} data-wide={wide}>
      {icon !== undefined && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </Link>
  )
}

/** A button that is an icon alone; `label` is what it is called. */
export function IconButton({
  icon,
  label,
  onClick,
}: {
  readonly icon: IconName
  readonly label: string
  readonly onClick: () => void
}): ReactNode {
  return (
    <button type="button" className={styles.round} aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={22} />
    </button>
  )
}

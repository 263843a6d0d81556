/** What pages are made of: a header, sections, cards, rows of a list, and what stands there while there is nothing. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Icon, IconDisc, type IconName, type Tone } from './icon.tsx'
import styles from './layout.module.css'

/** The top of a page. Each page has one, and its title is the page's only `h1`. */
export function PageHeader({
  title,
  lead,
  back,
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  /** Where the arrow leads, and what it is called. */
  readonly back?: { readonly href: string; readonly label: string }
  /** Actions, beside the title where there is room. */
  readonly children?: ReactNode
}): ReactNode {
  return (
    <header className={styles.header}>
      {back !== undefined && (
        <Link href={back.href} className={styles.back}>
          <Icon name="back" size={20} />
          {back.label}
        </Link>
      )}
      <div className={styles.headline}>
        <h1 tabIndex={-1}>{title}</h1>
        {children !== undefined && <div className={styles.actions}>{children}</div>}
      </div>
      {lead !== undefined && <p className={styles.lead}>{lead}</p>}
    </header>
  )
}

/** A titled part of a page. */
export function Section({
  title,
  action,
  children,
}: {
  readonly title?: string
  readonly action?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  return (
    <section className={styles.section}>
      {title !== undefined && (
        <div className={styles.sectionHead}>
          <h2>{title}</h2>
          {action}
        </div>
      )}
      {children}
    </section>
  )
}

export function Card({
  tone,
  children,
}: {
  readonly tone?: 'danger' | 'warn' | 'info' | 'brand'
  readonly children: ReactNode
}): ReactNode {
  return (
    <div className={styles.card} data-tone={tone}>
      {children}
    </div>
  )
}

/** A card of rows with lines between them. */
export function List({ children, label }: { readonly children: ReactNode; readonly label?: string }): ReactNode {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  )
}

export interface RowProps {
  readonly title: ReactNode
  readonly detail?: ReactNode
  readonly icon?: IconName
  readonly tone?: Tone
  /** At the end of the row: a value, a badge. */
  readonly trailing?: ReactNode
  /** Where the row leads, or what it does; neither for a row that only says something. */
  readonly href?: string
  readonly onClick?: () => void
}

export function Row({ title, detail, icon, tone = 'neutral', trailing, href, onClick }: RowProps): ReactNode {
  const content = (
    <>
      {icon !== undefined && <IconDisc name={icon} tone={tone} />}
      <span className={styles.rowText}>
        <span className={styles.rowTitle}>{title}</span>
        {detail !== undefined && <span className={styles.rowDetail}>{detail}</span>}
      </span>
      {trailing !== undefined && <span className={styles.trailing}>{trailing}</span>}
      {(href !== undefined || onClick !== undefined) && (
        <span className={styles.chevron}>
          <Icon name="next" size={18} />
        </span>
      )}
    </>
  )
  return (
    <li className={styles.item}>
      {href !== undefined ? (
        <Link href={href} className={styles.row} data-active="true">
          {content}
        </Link>
      ) : onClick !== undefined ? (
        <button type="button" className={styles.row} data-active="true" onClick={onClick}>
          {content}
        </button>
      ) : (
        <div className={styles.row}>{content}</div>
      )}
    </li>
  )
}

/** Side by side where there is room, below each other where there is not. */
export function Grid({ children, wide = false }: { readonly children: ReactNode; readonly wide?: boolean }): ReactNode {
  return (
    <div className={styles.grid} data-wide={wide}>
      {children}
    </div>
  )
}

/** Things in a line, with room between them, that wrap. */
export function Cluster({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className={styles.cluster}>{children}</div>
}

/** Things below each other, with room between them. */
export function Stack({
  children,
  gap = 'm',
}: {
  readonly children: ReactNode
  readonly gap?: 's' | 'm' | 'l'
}): ReactNode {
  return (
    <div className={styles.stack} data-gap={gap}>
      {children}
    </div>
  )
}

/** Names and values. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[]
}): ReactNode {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  readonly icon: IconName
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}): ReactNode {
  return (
    <div className={styles.empty}>
      <span className={styles.emptyIcon}>
        <Icon name={icon} size={34} />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  )
}

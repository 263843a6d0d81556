/**
 * The frame around the pages of an audience: a bar of tabs below on a phone, a rail at the side where there is room.
 * After a change of page the focus goes to its title, so that a screen reader says where one is.
 */
import { type ReactNode, Suspense, useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { useMessages } from '../i18n/language.tsx'
import { type Audience, PAGES } from '../pages.ts'
import { Skeleton } from '../ui/feedback.tsx'
import { Icon, Mark } from '../ui/icon.tsx'
import { navMessages } from './nav-messages.ts'
import styles from './shell.module.css'

export function Shell({
  audience,
  caption,
  counts = {},
  children,
}: {
  readonly audience: Audience
  /** Who is signed in, and where. */
  readonly caption?: ReactNode
  /** Figures at entries of the navigation, by path: what waits there. */
  readonly counts?: Readonly<Record<string, number>>
  readonly children: ReactNode
}): ReactNode {
  const t = useMessages(navMessages)
  const [path] = useLocation()
  const main = useFocusOnChange(path)
  const here = entryOf(audience, path)
  return (
    <div className={styles.shell} data-audience={audience}>
      <a href="#main" className={styles.skip}>
        {t.skip}
      </a>
      <nav className={styles.nav} aria-label={t.navigation}>
        <Link href="/" className={styles.brand}>
          <Mark />
          <span>Salus</span>
        </Link>
        <ul>
          {PAGES.filter((page) => page.audience === audience).map(({ path: to, nav }) => {
            if (nav === undefined) return null
            const isHere = to === here
            return (
              <li key={to}>
                <Link href={to} className={styles.tab} aria-current={isHere ? 'page' : undefined}>
                  <span className={styles.tabIcon}>
                    <Icon name={nav.icon} size={24} />
                    {(counts[to] ?? 0) > 0 && <span className={styles.count}>{counts[to]}</span>}
                  </span>
                  {t[nav.label]}
                </Link>
              </li>
            )
          })}
        </ul>
        {caption !== undefined && <div className={styles.caption}>{caption}</div>}
      </nav>
      <main id="main" ref={main} className={styles.main}>
        <Suspense fallback={<Skeleton rows={4} />}>{children}</Suspense>
      </main>
    </div>
  )
}

/** The entry of the navigation that a page belongs to: the longest that its path begins with. */
function entryOf(audience: Audience, path: string): string | undefined {
  const entries = PAGES.filter((page) => page.audience === audience && page.nav !== undefined).map((page) => page.path)
  const around = entries.filter((entry) => path === entry || path.startsWith(`${entry}/`))
  return around.sort((a, b) => b.length - a.length)[0]
}

function useFocusOnChange(path: string): React.RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null)
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    scrollTo(0, 0)
    main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }, [path])
  return main
}

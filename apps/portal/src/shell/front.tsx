/** The frame of pages outside any role: welcome, sign-in, joining. A narrow column on a calm ground. */
import { type ReactNode, Suspense } from 'react'
import { Link } from 'wouter'
import { Skeleton } from '../ui/feedback.tsx'
import { Mark } from '../ui/icon.tsx'
import styles from './front.module.css'

export function Front({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <main className={styles.front}>
      <Link href="/" className={styles.brand}>
        <Mark size={44} />
        <span>Salus</span>
      </Link>
      <Suspense fallback={<Skeleton rows={2} />}>{children}</Suspense>
    </main>
  )
}

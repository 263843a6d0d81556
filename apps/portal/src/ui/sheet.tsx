/**
 * A modal sheet: from below on a phone, in the middle elsewhere. It is a `<dialog>`, so the browser keeps focus inside,
 * closes it with Escape and gives the focus back; a touch beside it closes it too.
 */
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { messages, useMessages } from '../i18n/language.tsx'
import { IconButton } from './button.tsx'
import { reachable } from './reachable.ts'
import styles from './sheet.module.css'

const texts = messages({ en: { close: 'Close' }, de: { close: 'Schließen' } })

export function Sheet({
  title,
  onClose,
  children,
  actions,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  /** Buttons at the foot, which stay in view. */
  readonly actions?: ReactNode
}): ReactNode {
  const t = useMessages(texts)
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const element = dialog.current
    if (element === null) return
    const closeBeside = (event: MouseEvent): void => {
      if (event.target === element) element.close()
    }
    element.showModal()
    element.addEventListener('click', closeBeside)
    return () => {
      element.removeEventListener('click', closeBeside)
      element.close()
    }
  }, [])
  return (
    <dialog ref={dialog} className={styles.sheet} aria-labelledby={titleId} onClose={onClose}>
      <div className={styles.body}>
        <header className={styles.head}>
          <h2 id={titleId}>{title}</h2>
          <IconButton icon="close" label={t.close} onClick={() => dialog.current?.close()} />
        </header>
        <div ref={reachable} className={styles.content}>
          {children}
        </div>
        {actions !== undefined && <footer className={styles.actions}>{actions}</footer>}
      </div>
    </dialog>
  )
}

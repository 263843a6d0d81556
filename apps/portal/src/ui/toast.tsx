/** Short words about what was just done, read out by screen readers, gone after a few seconds. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react'
import { Icon, type IconName } from './icon.tsx'
import styles from './toast.module.css'

interface Toast {
  readonly id: number
  readonly text: string
  readonly icon: IconName
}

type Say = (text: string, icon?: IconName) => void

const ToastContext = createContext<Say>(() => undefined)
const SHOWN_MS = 6000

export function ToastProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const next = useRef(0)
  const say = useCallback<Say>((text, icon = 'check') => {
    const id = next.current++
    setToasts((shown) => [...shown.slice(-2), { id, text, icon }])
    setTimeout(() => setToasts((shown) => shown.filter((toast) => toast.id !== id)), SHOWN_MS)
  }, [])
  return (
    <ToastContext value={useMemo(() => say, [say])}>
      {children}
      <div className={styles.toasts} role="status" aria-live="polite">
        {toasts.map(({ id, text, icon }) => (
          <p key={id} className={styles.toast}>
            <Icon name={icon} size={20} />
            {text}
          </p>
        ))}
      </div>
    </ToastContext>
  )
}

export function useToast(): Say {
  return useContext(ToastContext)
}

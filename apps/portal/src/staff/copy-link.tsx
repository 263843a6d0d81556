/** A link to hand over: its text, and a button that copies it. */
import type { ReactNode } from 'react'
import { messages, useMessages } from '../i18n/language.tsx'
import { Button } from '../ui/button.tsx'
import { useToast } from '../ui/toast.tsx'
import styles from './staff.module.css'

const texts = messages({
  en: { copy: 'Copy the link', copied: 'Copied' },
  de: { copy: 'Link kopieren', copied: 'Kopiert' },
})

export function CopyLink({ url }: { readonly url: string }): ReactNode {
  const t = useMessages(texts)
  const say = useToast()
  return (
    <>
      <code className={styles.linkText}>{url}</code>
      <Button icon="document" onClick={() => navigator.clipboard.writeText(url).then(() => say(t.copied))}>
        {t.copy}
      </Button>
    </>
  )
}

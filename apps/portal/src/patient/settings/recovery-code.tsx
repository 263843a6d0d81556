/** The 24 words, numbered. */
import { recoveryCode, type Wallet } from '@salus/sdk'
import type { ReactNode } from 'react'
import styles from './recovery-code.module.css'

export function RecoveryCode({ wallet }: { readonly wallet: Wallet }): ReactNode {
  return (
    <ol className={styles.words} translate="no">
      {recoveryCode(wallet)
        .split(' ')
        .map((word, i) => (
          // A word may be there twice, so its place is what it is known by.
          <li key={`${i + 1} ${word}`}>
            <span className={styles.number}>{i + 1}</span>
            {word}
          </li>
        ))}
    </ol>
  )
}

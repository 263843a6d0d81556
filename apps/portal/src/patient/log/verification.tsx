/** The badge of the access log, and what stands behind it one tap away. */
import { type ReactNode, useState } from 'react'
import { useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/feedback.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { witnessUrls } from '../custodians.ts'
import { saveFile } from '../settings/save-file.ts'
import type { AccessLog, LogOfCustodian } from './access-log.ts'
import { logMessages } from './log-messages.ts'
import styles from './verification.module.css'

type Verdict = 'checking' | 'verified' | 'broken' | 'unchecked'

function verdictOf(log: AccessLog | undefined): Verdict {
  if (log === undefined) return 'checking'
  if (log.custodians.some(({ checked }) => checked !== null && !checked.complete)) return 'broken'
  return log.custodians.some(({ checked }) => checked === null) ? 'unchecked' : 'verified'
}

const ICONS: Readonly<Record<Verdict, IconName>> = {
  checking: 'shield',
  verified: 'verified',
  broken: 'broken',
  unchecked: 'broken',
}

export function Verification({ log }: { readonly log: AccessLog | undefined }): ReactNode {
  const t = useMessages(logMessages)
  const f = useFormats()
  const [isOpen, setIsOpen] = useState(false)
  const verdict = verdictOf(log)
  const counted = log?.custodians.reduce((sum, { checked }) => sum + (checked?.counted ?? 0), 0) ?? 0
  const bad = log?.custodians.filter(({ checked }) => checked === null || !checked.complete) ?? []
  const members = f.list(bad.map(({ file }) => file.member.name))
  const words: Readonly<Record<Verdict, readonly [string, string]>> = {
    checking: [t.checking, ''],
    verified: [t.verified, t.verifiedText(counted)],
    broken: [t.broken, t.brokenText(members)],
    unchecked: [t.unchecked, t.uncheckedText(members)],
  }
  const [title, text] = words[verdict]
  return (
    <>
      <button
        type="button"
        className={styles.badge}
        data-verdict={verdict}
        disabled={log === undefined}
        onClick={() => setIsOpen(true)}
      >
        <span className={styles.seal}>
          <Icon name={ICONS[verdict]} size={30} />
        </span>
        <span className={styles.words} aria-live="polite">
          <strong>{title}</strong>
          <span>{text}</span>
        </span>
        {log !== undefined && <Icon name="next" size={18} />}
      </button>
      {isOpen && log !== undefined && (
        <Sheet title={t.whatTitle} onClose={() => setIsOpen(false)}>
          <p>{t.whatText}</p>
          {log.custodians.map((of) => (
            <Checks key={of.file.enrolment.fileId} log={of} />
          ))}
        </Sheet>
      )}
    </>
  )
}

function Checks({ log: { file, checked, failure } }: { readonly log: LogOfCustodian }): ReactNode {
  const t = useMessages(logMessages)
  const f = useFormats()
  const network = useNetwork()
  if (checked === null) {
    return (
      <Notice tone="danger" title={file.member.name}>
        {t.problem}: <code>{failure}</code>
      </Notice>
    )
  }
  const { shown, counted, problems, omission } = checked
  const waiting = checked.entries.filter(({ status }) => status !== 'proven').length
  const lines: readonly (readonly [holds: boolean, text: string])[] = [
    [true, t.checkSigned(file.member.name)],
    [!problems.includes('disclosure-batch'), t.checkBatches],
    [!problems.some((code) => code === 'disclosure-chain' || code === 'disclosures-altered'), t.checkChain],
    [!problems.some((code) => /hidden|missing|invented/.test(code)), t.checkCount(f.number(shown), f.number(counted))],
    [true, t.checkNodes(witnessUrls(network).length)],
  ]
  return (
    <section className={styles.checks}>
      <h3>{file.member.name}</h3>
      <ul>
        {lines.map(([holds, text]) => (
          <li key={text} data-holds={holds}>
            <Icon name={holds ? 'check' : 'close'} size={20} />
            {text}
          </li>
        ))}
        {waiting > 0 && (
          <li>
            <Icon name="clock" size={20} />
            {t.checkWaiting(waiting)}
          </li>
        )}
      </ul>
      {problems.length > 0 && (
        <Notice tone="danger" title={t.problem}>
          <code>{problems.join(', ')}</code>
          {omission !== null && (
            <Button icon="download" onClick={() => saveFile('omission.json', 'application/json', omission)}>
              {t.saveOmission}
            </Button>
          )}
        </Notice>
      )}
    </section>
  )
}

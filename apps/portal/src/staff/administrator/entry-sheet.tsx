/** One transaction of the log: what it says, and whether it stands in the log that the ledger signed. */
import { toHex } from '@salus/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/feedback.tsx'
import { Facts, Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { checkEntry, type Entry, printable } from '../ledger-data.ts'
import styles from '../staff.module.css'

const texts = messages({
  en: {
    title: (index: string) => `Transaction ${index}`,
    block: 'Block',
    id: 'Transaction id',
    signer: 'Signed by',
    commands: 'Commands',
    check: 'Check the proof',
    valid: 'Proven',
    validText: (height: string) => `This browser checked it against the signed checkpoint of block ${height}.`,
  },
  de: {
    title: (index: string) => `Transaktion ${index}`,
    block: 'Block',
    id: 'Kennung',
    signer: 'Unterschrieben von',
    commands: 'Befehle',
    check: 'Beweis prüfen',
    valid: 'Bewiesen',
    validText: (height: string) => `Dieser Browser hat es am signierten Checkpoint von Block ${height} geprüft.`,
  },
})

export function EntrySheet({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const { index, height, timeMs, transaction } = entry
  const check = useMutation({ mutationFn: () => checkEntry(index) })
  const { signer, commands } = transaction.body
  return (
    <Sheet
      title={t.title(f.number(index))}
      onClose={onClose}
      actions={
        <Button look="primary" wide icon="verified" busy={check.isPending} onClick={() => check.mutate()}>
          {t.check}
        </Button>
      }
    >
      <Stack>
        {check.isSuccess && (
          <Notice tone="brand" icon="verified" title={t.valid}>
            {t.validText(f.number(check.data.height))}
          </Notice>
        )}
        {check.isError && <ErrorNotice error={check.error} />}
        <Facts
          facts={[
            [t.block, `${f.number(height)}, ${f.dateTime(timeMs)}`],
            [t.id, <code key="id">{toHex(transaction.id)}</code>],
            [t.signer, <code key="signer">{`${signer.scheme} ${toHex(signer.bytes)}`}</code>],
          ]}
        />
        <pre className={styles.code}>
          <code>{JSON.stringify(printable(commands), null, 2)}</code>
        </pre>
      </Stack>
    </Sheet>
  )
}

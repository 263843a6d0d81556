/** Asks for a row of the ledger's state and checks the proof of what it is, or that it is absent, in this browser. */
import { decodeCbor, fromBase64url, fromHex, SalusError, stateKey } from '@salus/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/feedback.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Card, Stack } from '../../ui/layout.tsx'
import { type CheckedState, checkState, printable } from '../ledger-data.ts'
import styles from '../staff.module.css'

const texts = messages({
  en: {
    table: 'Table',
    member: 'Member',
    handle: 'Short name',
    key: 'Signing key',
    consent: 'Consent',
    file: 'File of a patient',
    disclosures: 'Disclosures of a file',
    raw: 'Any key',
    id: 'Key',
    hint: 'Hexadecimal; a short name as it is; any key in base64url.',
    check: 'Look up and check',
    present: 'Proven: this row is in the ledger',
    absent: 'Proven: there is no such row',
    text: (height: string) => `This browser checked it against the signed checkpoint of block ${height}.`,
  },
  de: {
    table: 'Tabelle',
    member: 'Mitglied',
    handle: 'Kurzname',
    key: 'Signaturschlüssel',
    consent: 'Einwilligung',
    file: 'Akte eines Patienten',
    disclosures: 'Zugriffe auf eine Akte',
    raw: 'Beliebiger Schlüssel',
    id: 'Schlüssel',
    hint: 'Hexadezimal; ein Kurzname, wie er ist; ein beliebiger Schlüssel in base64url.',
    check: 'Nachsehen und prüfen',
    present: 'Bewiesen: Diese Zeile steht im Register',
    absent: 'Bewiesen: Diese Zeile gibt es nicht',
    text: (height: string) => `Dieser Browser hat es am signierten Checkpoint von Block ${height} geprüft.`,
  },
})

const TABLES = ['member', 'handle', 'key', 'consent', 'file', 'disclosures', 'raw'] as const
type TableName = (typeof TABLES)[number]

export function StateForm(): ReactNode {
  const t = useMessages(texts)
  const { own } = useNetwork()
  const [table, setTable] = useState<TableName>('member')
  const [id, setId] = useState(own)
  const check = useMutation({ mutationFn: async () => checkState(keyOf(table, id.trim())) })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    check.mutate()
  }
  return (
    <Stack>
      <Card>
        <form className={styles.form} onSubmit={submit}>
          <SelectField
            label={t.table}
            value={table}
            options={TABLES.map((name) => [name, t[name]] as const)}
            onChange={setTable}
          />
          <TextField label={t.id} value={id} onChange={setId} maxLength={700} />
          <Button look="primary" type="submit" wide icon="verified" busy={check.isPending} disabled={id.trim() === ''}>
            {t.check}
          </Button>
        </form>
        <p className={styles.muted}>{t.hint}</p>
      </Card>
      {check.isError && <ErrorNotice error={check.error} />}
      {check.isSuccess && <Checked state={check.data} />}
    </Stack>
  )
}

function Checked({ state: { claim, checkpoint } }: { readonly state: CheckedState }): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  return (
    <Stack>
      <Notice tone="brand" icon="verified" title={claim.present ? t.present : t.absent}>
        {t.text(f.number(checkpoint.height))}
      </Notice>
      <pre className={styles.code}>
        <code>
          {JSON.stringify(
            {
              contract: claim.contract,
              table: claim.table,
              key: claim.key,
              row: claim.row === null ? null : printable(decodeCbor(fromHex(claim.row))),
              checkpoint,
            },
            null,
            2,
          )}
        </code>
      </pre>
    </Stack>
  )
}

/** @throws SalusError `state-key-malformed` */
function keyOf(table: TableName, id: string): Uint8Array {
  try {
    switch (table) {
      case 'member':
        return stateKey('membership', 'member', [id])
      case 'handle':
        return stateKey('membership', 'handle', [id])
      case 'key':
        return stateKey('membership', 'key', [fromHex(id)])
      case 'consent':
        return stateKey('consent', 'consent', [fromHex(id)])
      case 'file':
        return stateKey('record', 'file', [fromHex(id)])
      case 'disclosures':
        return stateKey('disclosure', 'file', [fromHex(id)])
      case 'raw':
        return fromBase64url(id)
    }
  } catch (cause) {
    throw new SalusError('state-key-malformed', 'this is no key of that table', {}, cause)
  }
}

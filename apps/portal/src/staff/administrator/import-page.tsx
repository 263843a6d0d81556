/** Reads FHIR bundles out of files into this node: each transaction bundle as a whole or not at all. */
import { SalusError } from '@salus/core'
import { parseJson } from '@salus/sdk'
import { type ReactNode, useRef, useState } from 'react'
import { staffText } from '../../api/staff.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Card, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import styles from '../staff.module.css'

const texts = messages({
  en: {
    title: 'Import records',
    lead: 'FHIR R4 transaction or batch bundles, as .json or .json.gz. Each file is taken as a whole or not at all.',
    back: 'Overview',
    choose: 'Choose files',
    progress: (done: string, all: string) => `${done} of ${all} files`,
    files: 'Files',
    waiting: 'Waiting',
    running: 'Importing',
    done: (count: string) => `${count} entries`,
    failed: 'Refused',
  },
  de: {
    title: 'Akten einlesen',
    lead: 'FHIR-R4-Bundles (transaction oder batch) als .json oder .json.gz. Jede Datei ganz oder gar nicht.',
    back: 'Überblick',
    choose: 'Dateien wählen',
    progress: (done: string, all: string) => `${done} von ${all} Dateien`,
    files: 'Dateien',
    waiting: 'Wartet',
    running: 'Wird eingelesen',
    done: (count: string) => `${count} Einträge`,
    failed: 'Abgelehnt',
  },
})

interface Task {
  readonly key: string
  readonly file: File
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly entries: number
  readonly code: string | null
}

/** As the node's own limit for a body. */
const FILE_BYTES_MAX = 64 * 1024 * 1024

export default function ImportPage(): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const [tasks, setTasks] = useState<readonly Task[]>([])
  const chain = useRef<Promise<void>>(Promise.resolve())
  const set = (key: string, change: Partial<Task>): void =>
    setTasks((all) => all.map((task) => (task.key === key ? { ...task, ...change } : task)))
  const add = (files: readonly File[]): void => {
    const added = files.map(
      (file): Task => ({ key: crypto.randomUUID(), file, state: 'waiting', entries: 0, code: null }),
    )
    setTasks((all) => [...all, ...added])
    // One after another: what a later file refers to may stand in an earlier one.
    for (const { key, file } of added) {
      chain.current = chain.current.then(async () => {
        set(key, { state: 'running' })
        try {
          set(key, { state: 'done', entries: await importFile(file) })
        } catch (error) {
          set(key, { state: 'failed', code: error instanceof SalusError ? error.code : 'file-unreadable' })
        }
      })
    }
  }
  const ended = tasks.filter(({ state }) => state === 'done' || state === 'failed').length
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} back={{ href: '/app/admin', label: t.back }} />
      <Section>
        <label className={styles.file}>
          <Icon name="upload" size={34} />
          <strong>{t.choose}</strong>
          <input
            type="file"
            multiple
            accept=".json,.gz,application/json,application/fhir+json"
            className="visually-hidden"
            onChange={(event) => {
              add([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
        </label>
      </Section>
      {tasks.length > 0 && (
        <Section title={t.files}>
          <Card>
            <Stack gap="s">
              <p aria-live="polite">{t.progress(f.number(ended), f.number(tasks.length))}</p>
              <progress className={styles.meter} value={ended} max={tasks.length} aria-label={t.files} />
            </Stack>
          </Card>
          <List label={t.files}>
            {tasks.map(({ key, file, state, entries, code }) => (
              <Row
                key={key}
                icon="document"
                tone={state === 'failed' ? 'danger' : state === 'done' ? 'brand' : 'neutral'}
                title={file.name}
                detail={
                  state === 'failed' ? <code>{code}</code> : state === 'done' ? t.done(f.number(entries)) : undefined
                }
                trailing={
                  <Badge tone={state === 'failed' ? 'danger' : state === 'done' ? 'brand' : 'neutral'}>
                    {state === 'failed' ? t.failed : state === 'done' ? '✓' : t[state]}
                  </Badge>
                }
              />
            ))}
          </List>
        </Section>
      )}
    </>
  )
}

/** The number of entries that the node took. @throws SalusError `file-too-large`, `bundle-*`, the node's own codes */
async function importFile(file: File): Promise<number> {
  if (file.size > FILE_BYTES_MAX) throw new SalusError('file-too-large', 'the file is too large', { FILE_BYTES_MAX })
  const stream = file.name.endsWith('.gz') ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream()
  const text = await new Response(stream).text()
  const bundle = parseJson(text)
  const answer = parseJson(await staffText('/fhir', { method: 'POST', body: bundle }))
  const entries = typeof answer === 'object' && answer !== null && 'entry' in answer ? answer.entry : []
  return Array.isArray(entries) ? entries.length : 0
}

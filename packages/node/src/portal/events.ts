/**
 * What a patient's page hears while it is open, as server-sent events (WHATWG HTML section 9.2): that something was
 * disclosed or refused, that a consent changed on the ledger, that somebody asks for access. An event is a hint to ask
 * again, and carries no data: what it is about comes by the doors that check and record.
 */
import { consent } from '@salus/contracts'
import { toHex } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import type { NewEntry } from '../disclosure/journal.ts'
import { EVENT_STREAMS_MAX } from '../limits.ts'

export const EVENTS = ['disclosure', 'consent', 'request'] as const
export type EventName = (typeof EVENTS)[number]
type Listener = (name: EventName) => void

export class PatientEvents {
  readonly #listeners = new Map<Listener, ReadonlySet<string>>()
  readonly #stop: () => void

  constructor(ledger: Pick<Ledger, 'onBlock'>) {
    this.#stop = ledger.onBlock(({ entries }) => {
      // Whose consent it is the ledger does not say, so everybody looks.
      if (this.#listeners.size > 0 && entries.some(namesConsent)) this.#tell('consent', null)
    })
  }

  /** True while no further page can listen. */
  get isFull(): boolean {
    return this.#listeners.size >= EVENT_STREAMS_MAX
  }

  /** Calls `listener` about these files until the function that is returned is called. */
  listen(files: readonly string[], listener: Listener): () => void {
    this.#listeners.set(listener, new Set(files))
    return () => this.#listeners.delete(listener)
  }

  /** Tells of entries in the journal, save of what patients read themselves. */
  disclosed(entries: readonly NewEntry[]): void {
    if (this.#listeners.size === 0) return
    for (const { fileId, reason } of entries) if (reason !== 'patient') this.#tell('disclosure', toHex(fileId))
  }

  requested(file: string): void {
    this.#tell('request', file)
  }

  close(): void {
    this.#stop()
  }

  #tell(name: EventName, file: string | null): void {
    for (const [listener, files] of this.#listeners) if (file === null || files.has(file)) listener(name)
  }
}

/** As consent/consent-index.ts: the name of the contract stands in its commands in plain text. */
function namesConsent(entry: Uint8Array): boolean {
  return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).includes(consent.name)
}

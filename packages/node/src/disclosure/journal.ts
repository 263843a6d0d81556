/**
 * The journal of disclosures: one entry for each patient's file that a request touched, refused requests too. An entry
 * is durable before the reply leaves.
 *
 * The journal has a database of its own, which a thread writes (journal-worker.ts). Here an entry gets its place in its
 * file's sequence and is encoded, once: these bytes are stored, hashed and shown. Entries that arrive together share a
 * commit, which the main thread does not wait for. Batches and the rows for logs and searches are made afterwards, in
 * the same thread; who reads asks for `settled` first and so sees all that is durable.
 *
 * When the thread fails, what it had not confirmed is refused, and so is every request until another thread has taken
 * its place: nothing is released unrecorded. What was stored but not confirmed stays in the log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DisclosureEntry, decode, encode, SalusError } from '@salus/core'
import type { Queries } from '../db/database.ts'
import { openSqliteReader } from '../db/sqlite.ts'
import type { Frame } from './frames.ts'
import type { Statement } from './journal-store.ts'
import { JournalThread } from './journal-thread.ts'
import { Salts } from './salts.ts'
import { KIND } from './tables.ts'
import { UnknownRefusal } from './unknown-refusal.ts'

export { disclosureId, parseDisclosureId } from './disclosure-id.ts'

/** An entry before it has its place in the file's sequence. */
export type NewEntry = Omit<DisclosureEntry, 'sequence' | 'salt'>

export interface JournalRow {
  readonly entry: Uint8Array
  readonly sequence: number
}

/** Who brings the batches to the ledger: the outbox. */
export interface Taker {
  /** True while so much waits for the ledger that no more may be recorded. */
  readonly isFull: boolean
  /** Hears of entries that are durable and will stand in a batch. */
  announce(count: number): void
}

export interface JournalOptions {
  /** Called with a stable code when the thread ends by itself and when it cannot be started. */
  readonly onTrouble: (code: string) => void
  /** Called with entries once they are durable. */
  readonly onAppended?: (entries: readonly NewEntry[]) => void
}

/** Pages of a log hold at most this many entries. */
export const LOG_PAGE_MAX = 1000
const RESTART_MS = 1000

export class Journal {
  readonly #path: string
  /** A folder to be removed with the journal, or null. */
  readonly #temporary: string | null
  readonly #options: JournalOptions
  readonly #nextSequence = new Map<string, number>()
  readonly #salts = new Salts()
  #thread: JournalThread | undefined
  #reader: ReturnType<typeof openSqliteReader> | undefined
  /** Counts the threads: what one of them knew about sequences is nothing to the next. */
  #generation = 0
  #isSettled = true
  #settling: Promise<void> | undefined
  #restart: NodeJS.Timeout | undefined
  #isClosed = false
  #taker: Taker | undefined

  private constructor(path: string, temporary: string | null, options: JournalOptions) {
    this.#path = path
    this.#temporary = temporary
    this.#options = options
  }

  /**
   * Opens the journal at `path`, which is created when absent; `:memory:` opens one that goes when it is closed.
   * @throws SalusError `journal-failed`
   */
  static async open(path: string, options: JournalOptions): Promise<Journal> {
    const temporary = path === ':memory:' ? mkdtempSync(join(tmpdir(), 'salus-')) : null
    const journal = new Journal(temporary === null ? path : join(temporary, 'journal.db'), temporary, options)
    await journal.#start()
    journal.#reader = openSqliteReader(journal.#path)
    return journal
  }

  /** False while entries would be refused: its thread has failed, or too many of them wait. */
  get isRecording(): boolean {
    return this.#thread !== undefined && !this.#thread.isFull && !this.#taker?.isFull
  }

  /** Says who takes the batches to the ledger. */
  attach(taker: Taker): void {
    this.#taker = taker
  }

  /** Appends entries; resolves once they are durable. @throws SalusError `journal-failed`, `outbox-full` */
  async append(entries: readonly NewEntry[]): Promise<void> {
    const files = entries.map(({ fileId }) => hex(fileId))
    let thread = this.#accepting()
    for (let file = this.#unnumbered(files); file !== undefined; file = this.#unnumbered(files)) {
      await this.#loadSequence(file)
      thread = this.#accepting()
    }
    await thread.append(this.#frames(entries, files))
    this.#isSettled = false
    this.#taker?.announce(entries.length)
    this.#options.onAppended?.(entries)
  }

  /** Writes down a refusal that belongs to no file; resolves once durable. @throws SalusError as `append` */
  async appendUnknown(refusal: UnknownRefusal): Promise<void> {
    await this.#accepting().append([{ kind: KIND.unknown, content: encode(UnknownRefusal, refusal) }])
    this.#isSettled = false
    this.#taker?.announce(0)
  }

  /** The entries of a file after `sequence`, in order. @throws SalusError `journal-failed` */
  async read(fileId: string, after: number, count: number = LOG_PAGE_MAX): Promise<JournalRow[]> {
    const read = await this.settled()
    return read.all<JournalRow>(
      `SELECT e.entry AS entry, d.sequence AS sequence FROM disclosure d JOIN journal_entry e ON e.item = d.item
       WHERE d.file_id = ? AND d.sequence > ? ORDER BY d.sequence LIMIT ?`,
      [fileId, after, Math.min(count, LOG_PAGE_MAX)],
    )
  }

  /** @throws SalusError `disclosure-unknown`, `journal-failed` */
  async entry(fileId: string, sequence: number): Promise<{ row: JournalRow; entry: DisclosureEntry }> {
    const [row] = await this.read(fileId, sequence - 1, 1)
    if (row?.sequence !== sequence) throw new SalusError('disclosure-unknown', 'there is no such disclosure')
    return { row, entry: decode(DisclosureEntry, new Uint8Array(row.entry)) }
  }

  /**
   * Resolves once every entry that is durable now can be read and stands in a batch, to what reads them (tables.ts).
   * @throws SalusError `journal-failed`
   */
  async settled(): Promise<Queries> {
    const thread = this.#live()
    if (!this.#isSettled) {
      this.#isSettled = true
      this.#settling = thread.seal()
    }
    await this.#settling
    return this.#queries()
  }

  /** Runs statements on the outbox's tables in one commit; resolves once durable. @throws SalusError `journal-failed` */
  async write(statements: readonly Statement[]): Promise<void> {
    await this.#live().write(statements)
  }

  /** Commits what waits and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#restart)
    this.#reader?.close()
    this.#reader = undefined
    await this.#thread?.close()
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true })
  }

  /** @throws SalusError `journal-failed` */
  #live(): JournalThread {
    if (this.#thread === undefined) throw new SalusError('journal-failed', 'disclosures cannot be recorded')
    return this.#thread
  }

  /** @throws SalusError `journal-failed`, `outbox-full` */
  #accepting(): JournalThread {
    const thread = this.#live()
    if (thread.isFull || this.#taker?.isFull) {
      throw new SalusError('outbox-full', 'too many disclosures wait to be recorded')
    }
    return thread
  }

  #queries(): Queries {
    if (this.#reader === undefined) throw new SalusError('journal-failed', 'the journal is closed')
    return this.#reader.read
  }

  #unnumbered(files: readonly string[]): string | undefined {
    return files.find((file) => !this.#nextSequence.has(file))
  }

  /** A file that no entry was appended to since the thread began has all its rows. */
  async #loadSequence(file: string): Promise<void> {
    const generation = this.#generation
    const row = await this.#queries().get<{ n: number | null }>(
      'SELECT max(sequence) AS n FROM disclosure WHERE file_id = ?',
      [file],
    )
    if (generation !== this.#generation || this.#nextSequence.has(file)) return
    this.#nextSequence.set(file, Number(row?.n ?? 0) + 1)
  }

  /** Encodes entries at the next places of their files, which are taken only when all could be encoded. */
  #frames(entries: readonly NewEntry[], files: readonly string[]): readonly Frame[] {
    const next = new Map<string, number>()
    const frames = entries.map((entry, i): Frame => {
      const file = files[i] as string
      const sequence = next.get(file) ?? (this.#nextSequence.get(file) as number)
      next.set(file, sequence + 1)
      const content = encode(DisclosureEntry, { ...entry, sequence, salt: this.#salts.next() })
      return { kind: KIND.disclosure, content }
    })
    for (const [file, sequence] of next) this.#nextSequence.set(file, sequence)
    return frames
  }

  async #start(): Promise<void> {
    const thread = await JournalThread.start(this.#path, (ended) => this.#ended(ended))
    if (this.#isClosed) return thread.close()
    this.#thread = thread
    this.#generation += 1
    this.#nextSequence.clear()
    // The thread has sealed what it found before it says that it is open.
    this.#isSettled = true
    this.#settling = undefined
    // Whether what it found was announced nobody knows: the outbox looks.
    this.#taker?.announce(0)
  }

  #ended(thread: JournalThread): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    if (this.#isClosed) return
    this.#options.onTrouble('journal-failed')
    this.#startLater()
  }

  #startLater(): void {
    this.#restart = setTimeout(() => {
      this.#start().catch(() => {
        this.#options.onTrouble('journal-failed')
        if (!this.#isClosed) this.#startLater()
      })
    }, RESTART_MS)
  }
}

/** Lower-case hexadecimal; `Buffer` is much faster at it than core, which also runs in browsers. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

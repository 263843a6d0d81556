/**
 * CometBFT as a child process that lives as long as the ledger does. It ends itself when its connection to the
 * application drops; here it is started again when it ends, each time after a longer pause, until it keeps failing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { SalusError } from '@salus/core'

const PAUSE_MS_MIN = 200
const PAUSE_MS_MAX = 5000
/** A run of this length counts as a good one: the next pause is short again. */
const GOOD_RUN_MS = 10_000
/** Short runs in a row after which it is given up. */
const FAILED_RUNS_MAX = 5
const STOP_MS_MAX = 10_000
/** What CometBFT prints when it stands still for good, and its process goes on. */
const CONSENSUS_FAILURE = 'CONSENSUS FAILURE!!!'
const LOG_LINES_KEPT = 20
const LOG_LINE_LENGTH_MAX = 2000

export interface CometProcessOptions {
  readonly binary: string
  readonly home: string
  /** Called before each start. */
  readonly beforeStart: () => void
  /** Called with each line that CometBFT prints: its errors. */
  readonly log: (line: string) => void
  /** Called when it was given up. */
  readonly onFailed: (error: SalusError) => void
}

export class CometProcess {
  readonly #options: CometProcessOptions
  readonly #lines: string[] = []
  #child: ChildProcess | null = null
  #pause: NodeJS.Timeout | undefined
  #failedRuns = 0
  #isStopped = false

  constructor(options: CometProcessOptions) {
    this.#options = options
    this.#start()
  }

  /** The id of the process that runs now, or undefined. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Ends the process and waits for it. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#pause)
    const child = this.#child
    if (child === null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await ended
    clearTimeout(force)
  }

  #start(): void {
    this.#options.beforeStart()
    const startMs = performance.now()
    const { binary, home } = this.#options
    const child = spawn(binary, ['start', '--home', home], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) readLines(stream, (line) => this.#keep(line))
    child.once('error', (error) => this.#keep(error.message))
    child.once('close', (code, signal) => {
      this.#child = null
      if (this.#isStopped) return
      this.#keep(`CometBFT ended: ${signal ?? code}`)
      this.#failedRuns = performance.now() - startMs >= GOOD_RUN_MS ? 0 : this.#failedRuns + 1
      if (this.#failedRuns >= FAILED_RUNS_MAX) {
        const why = this.#lines.join('\n')
        this.#options.onFailed(new SalusError('cometbft-failed', 'CometBFT keeps ending', { why }))
        return
      }
      const pauseMs = Math.min(PAUSE_MS_MIN * 2 ** this.#failedRuns, PAUSE_MS_MAX)
      this.#pause = setTimeout(() => this.#start(), pauseMs)
    })
  }

  #keep(line: string): void {
    if (line.includes(CONSENSUS_FAILURE)) this.#child?.kill('SIGKILL')
    this.#lines.push(line)
    if (this.#lines.length > LOG_LINES_KEPT) this.#lines.shift()
    this.#options.log(line)
  }
}

function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, LOG_LINE_LENGTH_MAX)
    for (const line of lines) if (line !== '') take(line.slice(0, LOG_LINE_LENGTH_MAX))
  })
}

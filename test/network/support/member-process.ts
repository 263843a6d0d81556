/** One member of a network under test: its folder, and `salus node start` on it as a real process. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MemberFile, pathsOf, readMemberFile } from '../../../apps/cli/src/member-folder.ts'
import { type NodeKeys, readKeys } from '../../../packages/node/src/index.ts'
import { spawnSalus } from '../../support/child.ts'

const READY_MS_MAX = 120_000
const STOP_MS_MAX = 30_000
const RESTART_MS = 1000
const OUTPUT_LENGTH_MAX = 20_000

export interface StartOptions {
  /** More options of `salus node start`. */
  readonly args?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

/** What `/ledger/status` says. */
export interface Status {
  readonly height: number
  readonly lagMs: number
  readonly protocol: number
  readonly logSize: number
  readonly logRoot: string
  readonly stateRoot: string
}

export class MemberProcess {
  readonly folder: string
  #child: ChildProcess | undefined
  #output = ''
  #options: StartOptions = {}
  #isSupervised = false

  constructor(folder: string) {
    this.folder = folder
  }

  get file(): MemberFile {
    return readMemberFile(pathsOf(this.folder).member)
  }

  get handle(): string {
    return this.file.handle
  }

  get url(): string {
    return this.file.url
  }

  get keys(): NodeKeys {
    return readKeys(pathsOf(this.folder).keys)
  }

  get genesis(): string {
    return readFileSync(pathsOf(this.folder).genesis, 'utf8')
  }

  /** What the process has said, its last part. */
  get output(): string {
    return this.#output
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  get pid(): number {
    if (!this.isRunning) throw new Error(`${this.handle} does not run`)
    return this.#child?.pid as number
  }

  /** The processes of CometBFT on this folder: the child of the node, or what a killed node left behind. */
  get cometPids(): number[] {
    const home = join(this.folder, 'ledger', 'cometbft')
    const lines = execFileSync('ps', ['-Ao', 'pid=,stat=,args='], { encoding: 'utf8', maxBuffer: 16 << 20 }).split('\n')
    const running = lines.filter((line) => / start .*--home /.test(line) && line.includes(`${home}`))
    return running
      .map((line) => line.trim().split(/\s+/))
      .filter(([, state, program]) => !state?.startsWith('Z') && !program?.includes('node'))
      .map(([pid]) => Number(pid))
  }

  /** As an init system does: starts the process again whenever it ends by itself, until it is told otherwise. */
  supervise(isSupervised: boolean): void {
    this.#isSupervised = isSupervised
    if (isSupervised && !this.isRunning) this.launch()
  }

  /** Starts the process, with the options of the last start where none are given. */
  launch(options: StartOptions = this.#options): void {
    if (this.isRunning) throw new Error(`${this.handle} runs already`)
    this.#options = options
    const { args = [], environment = {} } = options
    const child = spawnSalus(['node', 'start', '--dir', this.folder, ...args], this.folder, environment)
    this.#child = child
    this.#output = ''
    child.once('exit', () => {
      if (this.#isSupervised) setTimeout(() => this.#isSupervised && !this.isRunning && this.launch(), RESTART_MS)
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_LENGTH_MAX)
      })
    }
  }

  /** Starts the process and waits until it serves. */
  async start(options: StartOptions = this.#options): Promise<void> {
    this.launch(options)
    await this.ready()
  }

  async ready(): Promise<void> {
    await until(`${this.handle} serves`, READY_MS_MAX, async () => {
      if (!this.isRunning) throw new Error(`${this.handle} ended:\n${this.#output}`)
      return /^ready http/m.test(this.#output)
    })
  }

  /** Asks the process to end and waits for it; resolves to its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => void this.kill(), STOP_MS_MAX)
    const [code] = (await ended) as [number | null]
    clearTimeout(timer)
    return code
  }

  /** kill -9 of the node's process alone; CometBFT is left to itself. */
  async killNode(): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** kill -9 of CometBFT alone. */
  killComet(): void {
    signal(this.cometPids, 'SIGKILL')
  }

  /** Holds CometBFT, as a machine that hangs does, or lets it go on. */
  holdComet(isHeld: boolean): void {
    signal(this.cometPids, isHeld ? 'SIGSTOP' : 'SIGCONT')
  }

  /** kill -9 of both. */
  async kill(): Promise<void> {
    const pids = this.cometPids
    await this.killNode()
    signal(pids, 'SIGKILL')
  }

  /** What the ledger says at this node; undefined where nobody answers. */
  async status(): Promise<Status | undefined> {
    return (await this.get('/ledger/status')) as Status | undefined
  }

  /** True when the node says that its replica is no further behind than it may be. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) })).ok
    } catch {
      return false
    }
  }

  /** The answer of CometBFT to one of the calls that a node lets through. */
  async light(method: string, params: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = (await this.get('/ledger/light', { id: 1, method, params })) as { result?: unknown } | undefined
    return answer?.result
  }

  async get(path: string, body?: unknown): Promise<unknown> {
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const headers = { 'content-type': 'application/json' }
    const { signal: timeout } = { signal: AbortSignal.timeout(10_000) }
    try {
      const reply = await fetch(this.url + path, { ...request, ...(body ? { headers } : {}), signal: timeout })
      return reply.ok ? await reply.json() : undefined
    } catch {
      return undefined
    }
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended in between.
    }
  }
}

const LOOK_MS = 100

/** Waits until `isSo`, and fails with `what` when that takes longer than `msMax`; resolves to the time it took. */
export async function until(what: string, msMax: number, isSo: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now()
  while (!(await isSo())) {
    if (performance.now() - startMs > msMax) throw new Error(`it takes more than ${msMax} ms until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return performance.now() - startMs
}

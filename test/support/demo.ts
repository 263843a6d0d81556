/**
 * A demo network for a test: a real child process in a folder of its own under the system's temporary folder, driven
 * as any integrator drives it (docs/operating/demo.md). A test that fails leaves the folder behind and shows what the
 * network said.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collect, type Ended, runSalus, spawnSalus } from './child.ts'
import { FhirClient } from './fhir.ts'
import { COMETBFT_DEMO_PORTS, DEMO_PORTS, freePorts } from './ports.ts'

const STATE = 'state'
const READY_MS_MAX = 120_000
const STOP_MS_MAX = 15_000

export interface Member {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly fhir: string
  readonly organization: string
  readonly adminToken: string
  readonly clinicianToken: string
  readonly clinicianPractitioner: string
}

export interface DemoPatient {
  readonly name: string
  /** Relative to the demo's folder. */
  readonly wallet: string
  readonly passphrase: string
  readonly files: Readonly<Record<string, string>>
}

/** demo.json. */
export interface NetworkDescription {
  readonly portal: string
  readonly genesis: string
  readonly members: Readonly<Record<string, Member>>
  readonly patients: readonly DemoPatient[]
}

/** What a `salus … --json` command answered. */
export interface Answer<Document> extends Ended {
  readonly json: Document
}

/** What `--json` prints when a command fails. */
export interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly reason?: string }
}

/** `salus log --json`. */
export interface DisclosureLog {
  readonly complete: boolean
  readonly disclosures: readonly Disclosure[]
}

export interface Disclosure {
  readonly id: string
  readonly when: string
  readonly member: string
  readonly practitioner: string | null
  readonly purpose: string
  readonly decision: 'permit' | 'deny'
  readonly reason: string
  readonly emergency: boolean
  readonly emergencyReason: string | null
  readonly what: readonly { readonly type: string; readonly count: number }[]
  readonly consent: string | null
  readonly status: 'accepted' | 'committed' | 'proven'
}

export class Demo {
  /** Everything is relative to this folder. */
  readonly folder = mkdtempSync(join(tmpdir(), 'salus-e2e-'))
  readonly #port: number
  readonly #options: readonly string[]
  #child: ChildProcess | undefined
  #output: () => string = () => ''
  #network: NetworkDescription | undefined

  constructor(port: number, options: readonly string[]) {
    this.#port = port
    this.#options = options
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    return this.#child?.pid as number
  }

  get network(): NetworkDescription {
    return this.#network as NetworkDescription
  }

  /** The path of a file of the network's state. */
  state(...parts: readonly string[]): string {
    return join(this.folder, STATE, ...parts)
  }

  /** The text of the genesis file that verifiers trust. */
  get genesis(): string {
    return readFileSync(join(this.folder, this.network.genesis), 'utf8')
  }

  member(name: string): Member {
    const member = this.network.members[name]
    if (member === undefined) throw new Error(`no member ${name}`)
    return member
  }

  patient(index: number): DemoPatient & { readonly reference: string; readonly id: string } {
    const patient = this.network.patients[index]
    const reference = patient?.files.riverside
    if (patient === undefined || reference === undefined) throw new Error(`no patient ${index}`)
    return { ...patient, reference, id: reference.slice('Patient/'.length) }
  }

  /** A member's own FHIR server, asked by its administrator or its clinician. */
  own(name: string, who: 'admin' | 'clinician'): FhirClient {
    const member = this.member(name)
    return new FhirClient(member.fhir, who === 'admin' ? member.adminToken : member.clinicianToken)
  }

  /** Another member's FHIR server through the own node, asked by the own clinician. */
  exchange(asker: string, custodian: string, headers: Readonly<Record<string, string>> = {}): FhirClient {
    const { url, clinicianToken } = this.member(asker)
    return new FhirClient(`${url}/exchange/${custodian}/fhir`, clinicianToken, headers)
  }

  /** Starts the network; resolves to the milliseconds until it was ready. */
  async start(): Promise<number> {
    const startedAtMs = performance.now()
    const child = spawnSalus(['demo', '--dir', STATE, '--port', String(this.#port), ...this.#options], this.folder)
    this.#child = child
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    this.#output = () => `${stdout()}${stderr()}`
    await whenReady(child, stdout, this.#output)
    this.#network = JSON.parse(readFileSync(this.state('demo.json'), 'utf8')) as NetworkDescription
    return performance.now() - startedAtMs
  }

  /** Ends the network; resolves to its exit code, null when the signal ended it. */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const closed = once(child, 'close')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    const [code] = (await closed) as [number | null]
    clearTimeout(timer)
    return code
  }

  /** Runs `salus … --json` in the demo's folder. */
  async salus<Document = Failed>(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Answer<Document>> {
    const ended = await runSalus([...args, '--json', '--dir', STATE], this.folder, environment)
    return { ...ended, json: parse(ended.stdout) as Document }
  }

  /** The same for a command that opens a wallet. */
  wallet<Document = Failed>(
    patient: Pick<DemoPatient, 'wallet' | 'passphrase'>,
    args: readonly string[],
  ): Promise<Answer<Document>> {
    return this.salus<Document>([...args, '--wallet', patient.wallet], { SALUS_PASSPHRASE: patient.passphrase })
  }

  /** Ends the network and removes its folder; after a failure shows and keeps everything. */
  async close(passed: boolean): Promise<void> {
    await this.stop()
    if (passed) rmSync(this.folder, { recursive: true, force: true })
    else process.stderr.write(`\nthe network's folder is left in ${this.folder}; it said:\n${this.#output()}\n`)
  }
}

export interface DemoTestOptions {
  /** More options of `salus demo`. */
  readonly args?: readonly string[]
  /** Why the test cannot run here; false when it can. */
  readonly skip?: string | false
}

/** A test with a running demo network of its own. */
export function demoTest(
  name: string,
  { args = [], skip = false }: DemoTestOptions,
  run: (t: TestContext, demo: Demo) => Promise<void>,
): void {
  test(name, { skip }, async (t) => {
    const demo = new Demo(await freePorts(args.includes('cometbft') ? COMETBFT_DEMO_PORTS : DEMO_PORTS), args)
    let passed = false
    try {
      await demo.start()
      await run(t, demo)
      passed = !failed.has(t)
    } finally {
      await demo.close(passed)
    }
  })
}

/** Tests of which a part failed. */
const failed = new WeakSet<TestContext>()

/** One part of a test; the others are run whether it fails or not. */
export async function check(t: TestContext, name: string, run: (t: TestContext) => Promise<void>): Promise<void> {
  await t.test(name, async (inner) => {
    try {
      await run(inner)
    } catch (error) {
      failed.add(t)
      throw error
    }
  })
}

/** One part of a test on which the ones after it stand: when it fails, they are not run. */
export async function step(t: TestContext, name: string, run: (t: TestContext) => Promise<void>): Promise<void> {
  await check(t, name, run)
  if (failed.has(t)) throw new Error(`"${name}" failed, and what follows stands on it`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function whenReady(child: ChildProcess, stdout: () => string, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(new Error(`the demo ${why}:\n${output()}`))
    }
    const timer = setTimeout(() => fail('was not ready in time'), READY_MS_MAX)
    child.once('close', (code) => fail(`ended with ${code}`))
    child.stdout?.on('data', () => {
      if (!/^ready http:\/\/\S+$/m.test(stdout())) return
      clearTimeout(timer)
      resolve()
    })
  })
}

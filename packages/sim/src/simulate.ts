/**
 * One run of a simulated network: three members with their real nodes and ledger, patients, desks and clinics that use
 * them, and everything that can go wrong between and below them; then peace, in which all must come to its end. What
 * was promised is held against models that the simulator keeps beside (model/).
 *
 * A run follows from its seed: the same seed and the same number of steps give the same trace, byte by byte.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSalusError, readGenesis } from '@salus/core'
import { Clinic } from './clients/clinic.ts'
import { Desk } from './clients/desk.ts'
import { Patient } from './clients/patient.ts'
import { note, type World } from './clients/world.ts'
import { Faults } from './faults.ts'
import { inspectFiles } from './inspect.ts'
import { ConsentModel } from './model/consent-model.ts'
import { DisclosureModel } from './model/disclosure-model.ts'
import { LedgerModel } from './model/ledger-model.ts'
import { RecordModel } from './model/record-model.ts'
import { Violation } from './model/violation.ts'
import { foundNetwork } from './network/genesis.ts'
import type { Site } from './network/site.ts'
import { type NetworkPlants, openSites } from './network/sites.ts'
import { installPlatform, type Platform } from './platform/install.ts'
import { CALM, type Delivery } from './platform/network.ts'
import { current, SimulatedProcess } from './platform/process.ts'

export type EngineKind = 'embedded' | 'replicated'

/** Faults planted on purpose, by which the simulator itself is tested: faulty parts in the place of good ones. */
export interface Plants extends NetworkPlants {
  /** Puts something faulty below the simulated processes. */
  readonly platform?: (platform: Platform) => void
}

export interface SimulationOptions {
  readonly seed: number
  readonly steps: number
  /** By default it follows from the seed. */
  readonly engine?: EngineKind
  readonly plants?: Plants
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly step: number
  readonly events: number
  readonly virtualMs: number
}

export interface SimulationReport extends Progress {
  readonly engine: EngineKind
  /** SHA-256 of the trace: the same for the same seed and steps. */
  readonly digest: string
  readonly violation: { readonly invariant: string; readonly message: string } | null
  /** The last lines of the trace. */
  readonly recent: readonly string[]
  /** How often each action ended how. */
  readonly tally: ReadonlyMap<string, number>
}

const PATIENT_HOMES = [0, 0, 1, 2] as const
/** Virtual time between two steps, at most. */
const THINK_US_MAX = 100_000
/** How many of the steps are faults. */
const FAULT = 0.04
const MINUTE_US = 60_000_000
/** How long peace may take to bring everything to its end. */
const PEACE_MINUTES_MAX = 40

/** Runs a simulation to its end or to the first invariant that does not hold. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-sim-'))
  const platform = installPlatform(options.seed)
  const simulation = new Simulation(options, platform, directory)
  const onRejection = (reason: unknown): void => simulation.uncaught(current.getStore()?.process.name ?? null, reason)
  process.on('unhandledRejection', onRejection)
  try {
    options.plants?.platform?.(platform)
    await simulation.run()
    return simulation.report()
  } finally {
    simulation.end()
    process.off('unhandledRejection', onRejection)
    platform.uninstall()
    rmSync(directory, { recursive: true, force: true })
  }
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #platform: Platform
  readonly #engine: EngineKind
  readonly #ledger = new LedgerModel()
  readonly #world: World
  readonly #people: SimulatedProcess
  readonly #desks: readonly Desk[]
  readonly #patients: readonly Patient[]
  readonly #clinics: readonly Clinic[]
  readonly #ledgerFolders: readonly string[]
  readonly #faults: Faults
  readonly #busy = new Set<object>()
  #violation: Violation | null = null
  #step = 0

  constructor(options: SimulationOptions, platform: Platform, directory: string) {
    const { seed, plants = {} } = options
    const { scheduler, random } = platform
    this.#options = options
    this.#platform = platform
    this.#engine = options.engine ?? (seed % 2 === 0 ? 'embedded' : 'replicated')
    this.#people = new SimulatedProcess('people')
    this.#people.onUncaught = (error) => this.#catch(error)
    const files = this.#people.run(() => foundNetwork(directory))
    const { sites, ledgerFolders } = openSites({
      engine: this.#engine,
      platform,
      files,
      directory,
      plants,
      model: this.#ledger,
      guard: (work) => this.#guard(work),
      onUncaught: (site, error) => this.uncaught(site, error),
    })
    this.#ledgerFolders = ledgerFolders
    this.#world = {
      scheduler,
      random,
      sites,
      members: files.members,
      genesis: readGenesis(files.genesisText),
      genesisText: files.genesisText,
      records: new RecordModel(),
      consents: new ConsentModel(),
      disclosures: new DisclosureModel(),
      tally: new Map(),
    }
    this.#faults = new Faults(platform, sites)
    const world = this.#world
    this.#desks = PATIENT_HOMES.map((home, i) => new Desk(world, files.members[home]!, `p${i + 1}`))
    this.#patients = this.#people.run(() => this.#desks.map((desk) => new Patient(world, desk)))
    this.#clinics = files.members.map((member) => new Clinic(world, member, this.#desks))
    platform.network.onDelivery = (delivery) => this.#count(delivery)
  }

  /** Peaceful beginning, steps with faults, peaceful end. */
  async run(): Promise<void> {
    await this.#begin()
    for (this.#step = 1; this.#step <= this.#options.steps && this.#violation === null; this.#step++) {
      this.#act()
      const { scheduler, random } = this.#platform
      await scheduler.run(scheduler.nowUs + random.between(0, THINK_US_MAX), () => this.#violation !== null)
      if (this.#step % 100 === 0) this.#options.onProgress?.(this.#progress())
    }
    if (this.#violation !== null) return
    await this.#finish().catch((error: unknown) => this.#catch(error))
  }

  report(): SimulationReport {
    const { scheduler } = this.#platform
    const violation = this.#violation && { invariant: this.#violation.invariant, message: this.#violation.message }
    return {
      ...this.#progress(),
      engine: this.#engine,
      digest: scheduler.digest(),
      violation,
      recent: scheduler.recent(),
      tally: this.#world.tally,
    }
  }

  /** Lets go of files. */
  end(): void {
    for (const { process } of this.#world.sites) {
      process.onDeath = null
      process.kill()
      process.reap()
    }
  }

  /** An error that nothing caught is a violation, unless a fault struck its process. */
  uncaught(name: string | null, error: unknown): void {
    const site = this.#world.sites.find((candidate) => candidate.name === name)
    if (name !== null && site && (!site.process.isAlive || site.process.faultsStruck > 0)) return
    this.#catch(error)
  }

  #progress(): Progress {
    const { scheduler } = this.#platform
    const step = Math.min(this.#step, this.#options.steps)
    return { step, events: scheduler.events, virtualMs: Math.round(scheduler.nowUs / 1000) }
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#catch(error)
    }
  }

  #catch(error: unknown): void {
    if (this.#violation) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#violation = error instanceof Violation ? error : new Violation('uncaught', text)
    this.#platform.scheduler.trace(`violation ${this.#violation.invariant}`)
  }

  /** Starts something that somebody does; it goes on beside all else. */
  #start(who: object, work: () => Promise<unknown>): void {
    if (this.#busy.has(who)) return
    this.#busy.add(who)
    this.#people
      .run(work)
      .catch((error: unknown) => this.#catch(error))
      .finally(() => this.#busy.delete(who))
  }

  /** Runs until `work` is done. */
  async #await(work: () => Promise<unknown>, minutesMax: number): Promise<void> {
    const { scheduler } = this.#platform
    const token = {}
    this.#start(token, work)
    await scheduler.run(scheduler.nowUs + minutesMax * MINUTE_US, () => !this.#busy.has(token) || !!this.#violation)
    if (this.#busy.has(token) && !this.#violation) this.#catch(new Violation('stalled', 'somebody waits in vain'))
  }

  async #begin(): Promise<void> {
    const { scheduler } = this.#platform
    const { sites } = this.#world
    await scheduler.run(MINUTE_US, () => sites.every(({ isServing }) => isServing) || !!this.#violation)
    await this.#await(async () => {
      for (const [i, desk] of this.#desks.entries()) {
        const isReady = (await desk.admit()) && (await this.#patients[i]!.enrol())
        if (!isReady) throw new Violation('stalled', `${desk.patient} cannot be enrolled`)
      }
    }, 1)
  }

  #act(): void {
    const { random } = this.#platform
    if (random.chance(FAULT)) {
      this.#faults.strike()
      return
    }
    const people = [...this.#desks, ...this.#patients, ...this.#clinics].filter((who) => !this.#busy.has(who))
    if (people.length === 0) return
    const who = random.pick(people)
    this.#start(who, () => who.act())
  }

  async #finish(): Promise<void> {
    const { scheduler, network } = this.#platform
    const { sites } = this.#world
    network.weather = CALM
    this.#faults.end()
    scheduler.trace('peace')
    const isQuiet = (): boolean => this.#busy.size === 0 && sites.every(({ isServing }) => isServing)
    const until = scheduler.nowUs + PEACE_MINUTES_MAX * MINUTE_US
    // Clocks that were ahead are waited for: what carries a time from then counts until then.
    await scheduler.run(scheduler.nowUs + this.#faults.clockAheadUsMax, () => !!this.#violation)
    await scheduler.run(until, () => isQuiet() || !!this.#violation)
    if (this.#violation) return
    if (!isQuiet()) throw new Violation('stalled', 'the network does not come to rest')
    await this.#await(() => this.#settle(), 4 * PEACE_MINUTES_MAX)
    if (this.#violation) return
    this.#guard(() => inspectFiles(this.#world, this.#ledger, this.#ledgerFolders))
  }

  /** In peace: everything is committed, everything can be read, and every log is complete. */
  async #settle(): Promise<void> {
    for (const desk of this.#desks) await desk.readAll()
    for (const clinic of this.#clinics) await clinic.checkAccess()
    for (const site of this.#world.sites) for (const member of site.members) await this.#flush(site, member.id)
    // Replicas that did not order the last blocks hear of them.
    await this.#platform.scheduler.sleep(MINUTE_US)
    for (const patient of this.#patients) {
      const log = await patient.checkLog()
      if (log?.complete !== true) {
        throw new Violation('log-incomplete', `${patient.name}: ${log?.problems.join(', ') ?? 'no answer'}`)
      }
    }
    note(this.#world, 'everybody', 'end', `${this.#ledger.executed} transactions`)
  }

  /** Waits until the outbox of a member is empty; what was signed on a wrong clock takes its time. */
  async #flush(site: Site, memberId: string): Promise<void> {
    const { scheduler } = this.#platform
    for (let minute = 0; minute < PEACE_MINUTES_MAX; minute++) {
      try {
        return await site.process.run(() => site.node(memberId)!.flush())
      } catch (error) {
        if (!isSalusError(error)) throw error
        scheduler.trace(`${site.name}: ${error.code}`)
        await scheduler.sleep(MINUTE_US)
      }
    }
    throw new Violation('stalled', `the outbox of ${site.name} does not become empty`)
  }

  /** Counts what reaches a node, by what the models ask about. */
  #count({ method, url, headers, body }: Delivery): void {
    const { pathname, origin } = new URL(url)
    if (method === 'PUT') this.#world.records.delivered(origin + pathname)
    if (method === 'POST' && pathname === '/fhir' && body) {
      const { entry = [] } = JSON.parse(body.toString()) as { entry?: { request: { url: string } }[] }
      for (const { request } of entry) this.#world.records.delivered(`${origin}/fhir/${request.url}`)
    }
    const claims = /^Bearer [^.]+\.([^.]+)\./.exec(headers.authorization ?? '')?.[1]
    if (method === 'GET' && pathname.startsWith('/fhir') && claims) {
      const subject = /"subject_id":"([^"]+)"/.exec(Buffer.from(claims, 'base64url').toString())?.[1]
      if (subject) this.#world.disclosures.delivered(subject)
    }
  }
}

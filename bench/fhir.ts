/**
 * CPU time of the server for each FHIR request with gate and disclosure record on, and what they cost: the same requests
 * against the same vault with both off, in turn, so that a drifting machine is the same for both.
 *
 * Run: node bench/fhir.ts
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { syntheticBundles } from '@salus/sim'
import { load, once, type Target } from './support/load.ts'
import { median, report } from './support/report.ts'

const ROUNDS = 7
const IN_FLIGHT = 16
/** Enough that a reply which waits for the disk leaves the server other work. */
const IN_FLIGHT_SATURATING = 64
const RATIO = 'throughput with gate and record / without'
const GATE_GOAL = 0.9
const CONFORMANCE = new URL('../../shared/conformance/synthea/', import.meta.url)
/** Milliseconds of CPU of HAPI FHIR 8.8 with PostgreSQL, and the share of it that we allow ourselves. */
const PEER = { read: 1.4, search: 6, everything: 75, create: 4, update: 5.6, import: 2.3 } as const
const SHARE = { read: 0.2, search: 0.2, everything: 0.2, create: 0.25, update: 0.25, import: 0.25 } as const

class Server {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(): Promise<Server> {
    const child = fork(new URL('./support/fhir-child.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const { port } = await message<{ port: number }>(child)
    return new Server(child, port)
  }

  /** CPU time of the process so far, in µs; `flush` waits for the outbox first. */
  async cpuUs(flush = false): Promise<number> {
    this.#child.send(flush ? 'flush' : 'usage')
    return (await message<{ cpuUs: number }>(this.#child)).cpuUs
  }

  stop(): void {
    this.#child.send('stop')
  }
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (received) => {
      child.off('exit', ended)
      resolve(received as T)
    })
  })
}

function bundles(): string[] {
  if (!existsSync(CONFORMANCE)) return syntheticBundles({ seed: 1, count: 24 }).map((bundle) => JSON.stringify(bundle))
  const texts = readdirSync(CONFORMANCE)
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => gunzipSync(readFileSync(new URL(name, CONFORMANCE))).toString('utf8'))
  const holdsPatient = (text: string): boolean => text.includes('"resourceType": "Patient"')
  return [...texts.filter((text) => !holdsPatient(text)), ...texts.filter(holdsPatient)]
}

interface Case {
  readonly name: keyof typeof PEER
  readonly count: number
  readonly target: (prefix: string, i: number) => Target
}

/** What the rounds of a case gave: figures with gate and record on, and their ratios to those without. */
interface Comparison {
  readonly cpuMs: number[]
  readonly perSecond: number[]
  readonly throughputRatios: number[]
  readonly cpuRatios: number[]
}

/**
 * Runs a case; resolves to CPU milliseconds and wall-clock throughput. What it leaves to the outbox counts as its CPU
 * time and not as that of the next one.
 */
async function measure(
  server: Server,
  one: Case,
  prefix: string,
  inFlight: number,
): Promise<{ cpuMs: number; perSecond: number }> {
  const before = await server.cpuUs(true)
  const { perSecond } = await load(server.port, 'clinician', one.count, inFlight, (i) => one.target(prefix, i))
  const after = await server.cpuUs(true)
  return { cpuMs: (after - before) / 1000 / one.count, perSecond }
}

const server = await Server.start()
const agent = new Agent({ keepAlive: true })
const send = (target: Target): Promise<string> => once(agent, server.port, 'operator', target)

const texts = bundles()
let resources = 0
const importStart = await server.cpuUs()
const importStarted = performance.now()
for (const body of texts) {
  const answer = JSON.parse(await send({ method: 'POST', path: '/gate/fhir', body })) as Bundle
  resources += answer.entry?.length ?? 0
}
const importSeconds = (performance.now() - importStarted) / 1000
const importCpuMs = ((await server.cpuUs(true)) - importStart) / 1000
report('fhir-import', 'ms CPU per resource', [importCpuMs / resources], {
  resources,
  perSecond: Math.round(resources / importSeconds),
  budget: PEER.import * SHARE.import,
  peer: 'HAPI FHIR 8.8 with PostgreSQL: 2.3 ms, 790 resources/s',
})

const page = JSON.parse(await send({ method: 'GET', path: '/open/fhir/Observation?_count=1000' })) as Bundle<Resource>
const observations = (page.entry ?? []).map((entry) => entry.resource?.id as string)
const people = JSON.parse(await send({ method: 'GET', path: '/open/fhir/Patient?_count=100' })) as Bundle<Resource>
const patients = (people.entry ?? []).map((entry) => entry.resource?.id as string)
const sample = (await send({ method: 'GET', path: `/open/fhir/Observation/${observations[0]}` })) as string
const created = sample.replace(/"id":"[^"]*",/, '')
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length] as T

const CASES: readonly Case[] = [
  {
    name: 'read',
    // Some seconds of reads: sealing comes twice a second, and belongs to them.
    count: 16_000,
    target: (prefix, i) => ({ method: 'GET', path: `/${prefix}/fhir/Observation/${pick(observations, i)}` }),
  },
  {
    name: 'search',
    count: 800,
    target: (prefix, i) => ({
      method: 'GET',
      path: `/${prefix}/fhir/Observation?patient=Patient/${pick(patients, i)}&_sort=-date&_count=20`,
    }),
  },
  {
    name: 'everything',
    count: 48,
    target: (prefix, i) => ({
      method: 'GET',
      path: `/${prefix}/fhir/Patient/${pick(patients, i)}/$everything?_count=1000`,
    }),
  },
  {
    name: 'create',
    count: 400,
    target: (prefix) => ({ method: 'POST', path: `/${prefix}/fhir/Observation`, body: created }),
  },
  {
    name: 'update',
    count: 400,
    target: (prefix, i) => {
      const id = pick(observations, i)
      return {
        method: 'PUT',
        path: `/${prefix}/fhir/Observation/${id}`,
        body: sample.replace(/"id":"[^"]*"/, `"id":"${id}"`),
      }
    },
  },
]

/** Rounds of a case with gate and record off and on, in turn. */
async function compare(one: Case, inFlight: number): Promise<Comparison> {
  const comparison: Comparison = { cpuMs: [], perSecond: [], throughputRatios: [], cpuRatios: [] }
  await measure(server, one, 'open', inFlight)
  await measure(server, one, 'gate', inFlight)
  for (let round = 0; round < ROUNDS; round++) {
    const off = await measure(server, one, 'open', inFlight)
    const on = await measure(server, one, 'gate', inFlight)
    comparison.cpuMs.push(on.cpuMs)
    comparison.perSecond.push(on.perSecond)
    comparison.throughputRatios.push(on.perSecond / off.perSecond)
    comparison.cpuRatios.push(on.cpuMs / off.cpuMs)
  }
  return comparison
}

for (const one of CASES) {
  const { cpuMs, perSecond, throughputRatios, cpuRatios } = await compare(one, IN_FLIGHT)
  report(`fhir-${one.name}`, 'ms CPU per request', cpuMs, {
    perSecond: Math.round(median(perSecond)),
    inFlight: IN_FLIGHT,
    budget: Number((PEER[one.name] * SHARE[one.name]).toPrecision(3)),
    peer: `HAPI FHIR 8.8 with PostgreSQL: ${PEER[one.name]} ms`,
  })
  if (one.name === 'create' || one.name === 'update') continue
  report(`gate-${one.name}-cpu`, 'CPU with gate and record / without', cpuRatios, { inFlight: IN_FLIGHT })
  report(`gate-${one.name}-throughput`, RATIO, throughputRatios, { inFlight: IN_FLIGHT, goal: GATE_GOAL })
  const saturated = await compare(one, IN_FLIGHT_SATURATING)
  report(`gate-${one.name}-throughput-saturated`, RATIO, saturated.throughputRatios, {
    perSecond: Math.round(median(saturated.perSecond)),
    inFlight: IN_FLIGHT_SATURATING,
    goal: GATE_GOAL,
  })
}
agent.destroy()
server.stop()

/**
 * transaction (FHIR R4 section 3.1.0.11.2): all entries or none. In the standard's order: what is deleted, created and
 * updated is planned (DELETE, POST, PUT, PATCH), the ids become known, links between entries and conditional references
 * are resolved, everything is written at once, and what is to be read is read last.
 *
 * A read of an instance that the transaction does not touch is done before the write, where failing still leaves
 * nothing behind; its answer is the same.
 */
import { SalusError } from '@salus/core'
import type { Passage } from '../../gate/gate.ts'
import type { Change, StoredVersion } from '../../vault/vault.ts'
import { replyEntry } from './batch.ts'
import { entryRequest, matchEntry, readEntry } from './bundle-entries.ts'
import { bundleText } from './bundle-text.ts'
import { matchOne } from './conditional.ts'
import { authorize } from './dispatch.ts'
import { errorReply } from './errors.ts'
import { parsePrefer } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer, WriteInteraction } from './interaction.ts'
import { requireWriter } from './scopes.ts'
import { resolveLinks } from './transaction-links.ts'
import { type PlannedStep, type Step, targetOf } from './transaction-step.ts'
import { isConditional, type Lookups, writeReply } from './write.ts'

const ORDER = ['DELETE', 'POST', 'PUT', 'PATCH']

/** @throws SalusError whatever an entry refuses with; nothing is written then */
export async function runTransaction(
  server: FhirServer,
  request: FhirRequest,
  entries: readonly unknown[],
): Promise<FhirReply> {
  requireWriter(request.principal)
  const steps = entries.map((entry, position) => readStep(server, request, entry, position))
  const writes = steps.filter(isWrite).sort((a, b) => order(a) - order(b))
  const reads = steps.filter((step) => !isWrite(step))
  const passages = await openPassages(server, request, writes)
  const replies = new Map<number, FhirReply>()
  const work = async (): Promise<void> => {
    const planned = await planAll(server, passages, writes)
    await resolveLinks(planned, lookupReference(server, passages))
    const touched = new Set(planned.map(targetOf))
    const [early, late] = partition(reads, (step) => isReadOf(step, (target) => !touched.has(target)))
    for (const step of early) replies.set(step.position, await step.interaction.handle(server, step.request))
    await writeAll(server, request, planned, replies)
    for (const passage of passages.values()) await passage.close([])
    for (const step of late) replies.set(step.position, await readWritten(server, step))
  }
  const conditional = writes.some((step) => isConditional(step.interaction, step.request.headers))
  await (conditional ? server.conditional.run(work) : work())
  const show = parsePrefer(request.headers.prefer).return === 'representation'
  const texts = steps.map(({ position, method, interaction }) =>
    replyEntry(replies.get(position) as FhirReply, (show || !interaction.writes) && method !== 'HEAD'),
  )
  return { status: 200, body: bundleText('transaction-response', undefined, [], texts) }
}

function readStep(server: FhirServer, outer: FhirRequest, raw: unknown, position: number): Step {
  const entry = readEntry(raw, server.fhirBase)
  const match = matchEntry(server.router, entry)
  const request = entryRequest(outer, entry, match)
  authorize(match.interaction, request)
  return { position, fullUrl: entry.fullUrl, method: entry.method, interaction: match.interaction, request }
}

function isWrite(step: Step): step is Step<WriteInteraction> {
  return 'plan' in step.interaction
}

function order({ interaction }: Step): number {
  return ORDER.indexOf(interaction.method)
}

function isReadOf({ interaction, request: { path } }: Step, test: (target: string) => boolean): boolean {
  return interaction.right === 'read' && test(`${path.type}/${path.id}`)
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

type Passages = ReadonlyMap<WriteInteraction['asks'], Passage>

/** One decision for all entries of a kind: writing is decided by who writes. */
async function openPassages(
  { gate }: FhirServer,
  { principal, purpose }: FhirRequest,
  writes: readonly Step<WriteInteraction>[],
): Promise<Passages> {
  const passages = new Map<WriteInteraction['asks'], Passage>()
  for (const asks of new Set(writes.map(({ interaction }) => interaction.asks))) {
    passages.set(asks, await gate.open(principal, { interaction: asks, patients: [], instance: null, purpose }))
  }
  return passages
}

/** Plans every write in the standard's order. @throws SalusError `transaction-duplicate` and those of the plans */
async function planAll(
  server: FhirServer,
  passages: Passages,
  writes: readonly Step<WriteInteraction>[],
): Promise<readonly PlannedStep[]> {
  const planned: PlannedStep[] = []
  const identities = new Set<string>()
  const gone = new Set<string>()
  for (const step of writes) {
    const { interaction, request } = step
    const { permit } = passages.get(interaction.asks) as Passage
    const lookups: Lookups = {
      current: (type, id) => server.reader.read(permit, type, id),
      match: (type, query) => matchOne(server, permit, type, query, gone),
    }
    const plan = await interaction.plan(lookups, request)
    const result = { ...step, plan }
    for (const identity of identitiesOf(result)) {
      if (identities.has(identity)) throw duplicate()
      identities.add(identity)
    }
    if (plan.change?.kind === 'delete') gone.add(targetOf(result))
    planned.push(result)
  }
  return planned
}

/** What no two entries may share: the resource that they act on, their `fullUrl`, and the condition of a creation. */
function identitiesOf(step: PlannedStep): readonly string[] {
  const { fullUrl, request } = step
  const condition = request.headers.ifNoneExist
  return [
    targetOf(step),
    ...(fullUrl === undefined ? [] : [`fullUrl ${fullUrl}`]),
    ...(condition === undefined ? [] : [`condition ${request.path.type}?${condition}`]),
  ]
}

function duplicate(): SalusError {
  return new SalusError('transaction-duplicate', 'two entries of the transaction act on the same resource')
}

/** Resolves conditional references with the permit of the writes. */
function lookupReference(server: FhirServer, passages: Passages): Lookups['match'] {
  return async (type, query) => {
    const [passage] = passages.values()
    return passage && matchOne(server, passage.permit, type, query, new Set())
  }
}

async function writeAll(
  { writer, fhirBase }: FhirServer,
  { headers }: FhirRequest,
  planned: readonly PlannedStep[],
  replies: Map<number, FhirReply>,
): Promise<void> {
  const changing = planned.filter(({ plan }) => plan.change !== null)
  const changes = changing.map(({ plan }) => plan.change as Change)
  const versions = changes.length === 0 ? [] : await writer.write(changes)
  const stored = new Map(changing.map((step, i) => [step, versions[i] as StoredVersion]))
  const preferred = parsePrefer(headers.prefer).return ?? 'minimal'
  for (const step of planned) {
    const version = stored.get(step) ?? step.plan.existing
    replies.set(step.position, writeReply(fhirBase, step.plan.status, version, preferred))
  }
}

/** A read after the write: what it finds is told in its entry, because the transaction stands. */
async function readWritten(server: FhirServer, { interaction, request }: Step): Promise<FhirReply> {
  try {
    return await interaction.handle(server, request)
  } catch (error) {
    request.report(error)
    return errorReply(error)
  }
}

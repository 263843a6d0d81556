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
import { authorize } from './dispatch.ts'
import { errorReply } from './errors.ts'
import { parsePrefer } from './headers.ts'
import type { FhirReply, FhirRequest, FhirServer, WriteInteraction } from './interaction.ts'
import { RecordedLookups } from './lookups.ts'
import { ReplyBudget } from './reply-size.ts'
import { requireWriter } from './scopes.ts'
import { resolveLinks } from './transaction-links.ts'
import { type PlannedStep, type Step, targetOf } from './transaction-step.ts'
import { isConditional, type Lookups, recording, writeReply } from './write.ts'

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
  const gone = new Set<string>()
  const passages = await openPassages(server, request, writes, gone)
  const replies = new Map<number, FhirReply>()
  const budget = new ReplyBudget(request.replyBytesMax)
  const answer = async ({ position, request, interaction }: Step): Promise<void> => {
    const reply = await interaction.handle(server, { ...request, replyBytesMax: budget.bytesLeft })
    budget.spend(reply)
    replies.set(position, reply)
  }
  const work = async (): Promise<void> => {
    const planned = await recording(passages.values(), async () => {
      const plans = await planAll(passages, writes, gone)
      await resolveLinks(plans, lookupReference(passages))
      return plans
    })
    const touched = new Set(planned.map(targetOf))
    const [early, late] = partition(reads, (step) => isReadOf(step, (target) => !touched.has(target)))
    for (const step of early) await answer(step)
    await writeAll(server, request, planned, replies)
    // A read after the write: what it finds is told in its entry, because the transaction stands.
    for (const step of late) await answer(step).catch((error) => replies.set(step.position, failed(step, error)))
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
  const entry = readEntry(raw, [server.fhirBase, outer.linkBase])
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

type Passages = ReadonlyMap<WriteInteraction['asks'], readonly [Passage, RecordedLookups]>

/** One decision for all entries of a kind: writing is decided by who writes. */
async function openPassages(
  server: FhirServer,
  request: FhirRequest,
  writes: readonly Step<WriteInteraction>[],
  gone: ReadonlySet<string>,
): Promise<Passages> {
  const { principal, purpose } = request
  const passages = new Map<WriteInteraction['asks'], readonly [Passage, RecordedLookups]>()
  for (const asks of new Set(writes.map(({ interaction }) => interaction.asks))) {
    const passage = await server.gate.open(principal, { interaction: asks, patients: [], instance: null, purpose })
    passages.set(asks, [passage, new RecordedLookups(server, request, passage.permit, gone)])
  }
  return passages
}

/**
 * Plans every write in the standard's order; what is to be deleted joins `gone` on the way.
 * @throws SalusError `transaction-duplicate` and those of the plans
 */
async function planAll(
  passages: Passages,
  writes: readonly Step<WriteInteraction>[],
  gone: Set<string>,
): Promise<readonly PlannedStep[]> {
  const planned: PlannedStep[] = []
  const identities = new Set<string>()
  for (const step of writes) {
    const { interaction, request } = step
    const [, lookups] = passages.get(interaction.asks) as readonly [Passage, RecordedLookups]
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

/** Resolves conditional references with the permit of the writes, among what the transaction does not delete. */
function lookupReference(passages: Passages): Lookups['match'] {
  return async (type, query) => {
    const [first] = passages.values()
    return first?.[1].match(type, query)
  }
}

async function writeAll(
  { writer }: FhirServer,
  request: FhirRequest,
  planned: readonly PlannedStep[],
  replies: Map<number, FhirReply>,
): Promise<void> {
  const changing = planned.filter(({ plan }) => plan.change !== null)
  const changes = changing.map(({ plan }) => plan.change as Change)
  const versions = changes.length === 0 ? [] : await writer.write(changes)
  const stored = new Map(changing.map((step, i) => [step, versions[i] as StoredVersion]))
  const preferred = parsePrefer(request.headers.prefer).return ?? 'minimal'
  for (const step of planned) {
    const version = stored.get(step) ?? step.plan.existing
    replies.set(step.position, writeReply(request, step.plan.status, version, preferred))
  }
}

function failed({ request }: Step, error: unknown): FhirReply {
  request.report(error)
  return errorReply(error)
}

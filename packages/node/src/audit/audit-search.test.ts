import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AuditEvent } from '@medplum/fhirtypes'
import { DisclosureEntry, decode } from '@salus/core'
import fc from 'fast-check'
import type { DataFilter } from '../consent/filter.ts'
import type { Scope } from '../consent/permit.ts'
import { LOG_PAGE_MAX, type NewEntry } from '../disclosure/journal.ts'
import { startTestLedger, type TestLedger } from '../testing/ledger.ts'
import { parseSearch, type QueryPairs } from '../vault/search/parse.ts'
import type { StoredVersion, VaultReader } from '../vault/vault.ts'
import { auditEventOf } from './audit-event.ts'
import { withAuditEvents } from './audit-reader.ts'
import { BASE, CUSTODIAN, LAKESIDE, permitOf, type TestJournal, withTestJournal } from './test-journal.ts'

let network: TestLedger

before(async () => {
  network = await startTestLedger(['riverside'])
})
after(() => network.remove())

const withJournal = (work: (store: TestJournal, reader: VaultReader) => Promise<void>): Promise<void> =>
  withTestJournal(network, (store) => work(store, withAuditEvents(store.vault.reader, store.parts)))

const PATIENTS = ['p1', 'p2', 'p3'] as const
const START_MS = Date.UTC(2026, 2, 1)
const HOUR_MS = 3_600_000
/** Few moments, so that events share them and dates fall on them; some on the edges of days. */
const HOURS = fc.constantFrom(0, 1, 23, 24, 47, 48)

/** An entry as the property tests generate them: whose, how many hours after the start, and the rest. */
interface Planned {
  readonly patient: (typeof PATIENTS)[number]
  readonly hours: number
  readonly changes: Partial<NewEntry>
}

const planned: fc.Arbitrary<Planned> = fc.record({
  patient: fc.constantFrom(...PATIENTS),
  hours: HOURS,
  changes: fc.record({
    requester: fc.constantFrom(CUSTODIAN, LAKESIDE),
    practitioner: fc.constantFrom(null, 'Practitioner/dr-1', 'Practitioner/dr-2'),
    decision: fc.constantFrom('permit', 'deny'),
    interaction: fc.constantFrom('read', 'search-type'),
  }),
})

/** A criterion and, independent of the parser and of SQL, what it means for an event. */
interface Criterion {
  readonly pair: readonly [string, string]
  readonly holds: (event: AuditEvent) => boolean
}

const refersTo = (reference: string) => (event: AuditEvent) =>
  event.entity?.some(({ what }) => what?.reference === reference) === true
const hasAgent = (test: (reference: string) => boolean) => (event: AuditEvent) =>
  event.agent.some(({ who }) => who?.reference !== undefined && test(who.reference))

const patientCriterion = fc.tuple(fc.constantFrom('patient', 'entity'), fc.constantFrom(...PATIENTS, 'unknown')).map(
  ([name, patient]): Criterion => ({
    pair: [name, `Patient/${patient}`],
    holds: refersTo(`Patient/${patient}`),
  }),
)

const agentCriterion = fc
  .constantFrom('Practitioner/dr-1', 'Practitioner/dr-2', `Organization/${LAKESIDE}`, `Organization/${CUSTODIAN}`)
  .map((reference): Criterion => ({ pair: ['agent', reference], holds: hasAgent((other) => other === reference) }))

const bareAgentCriterion = fc
  .constantFrom('dr-1', LAKESIDE, CUSTODIAN, 'nobody')
  .map((id): Criterion => ({ pair: ['agent', id], holds: hasAgent((other) => other.endsWith(`/${id}`)) }))

const identifierCriterion = fc
  .tuple(fc.constantFrom(`urn:salus:member:${LAKESIDE}|`, 'urn:other|', ''), fc.constantFrom('dr-1', 'dr-2'))
  .map(
    ([system, id]): Criterion => ({
      pair: ['agent:identifier', `${system}Practitioner/${id}`],
      holds: (event) =>
        event.agent.some(
          ({ who }) =>
            who?.identifier?.value === `Practitioner/${id}` &&
            (system === '' || `${who.identifier.system}|` === system),
        ),
    }),
  )

const outcomeCriterion = fc
  .tuple(
    fc.constantFrom('', '|', 'http://hl7.org/fhir/audit-event-outcome|', 'urn:other|'),
    fc.constantFrom('0', '8', '4'),
  )
  .map(
    ([system, code]): Criterion => ({
      pair: ['outcome', `${system}${code}`],
      holds: ({ outcome }) => outcome === code && system !== 'urn:other|',
    }),
  )

const COMPARE: Readonly<Record<string, (at: number, start: number, end: number) => boolean>> = {
  '': (at, start, end) => start <= at && at <= end,
  ne: (at, start, end) => at < start || at > end,
  gt: (at, _start, end) => at > end,
  sa: (at, _start, end) => at > end,
  lt: (at, start) => at < start,
  eb: (at, start) => at < start,
  ge: (at, start) => at >= start,
  le: (at, _start, end) => at <= end,
}

const dateCriterion = fc
  .tuple(fc.constantFrom('date', '_lastUpdated'), fc.constantFrom(...Object.keys(COMPARE)), HOURS, fc.boolean())
  .map(([name, prefix, hours, wholeDay]): Criterion => {
    const iso = new Date(START_MS + hours * HOUR_MS).toISOString()
    const text = wholeDay ? iso.slice(0, 10) : `${iso.slice(0, 19)}Z`
    const start = Date.parse(text)
    const end = start + (wholeDay ? 24 * HOUR_MS : 1000) - 1
    return {
      pair: [name, `${prefix}${text}`],
      holds: ({ recorded }) => (COMPARE[prefix] as (typeof COMPARE)[string])(Date.parse(recorded), start, end),
    }
  })

const criteria = fc.array(
  fc.oneof(patientCriterion, agentCriterion, bareAgentCriterion, identifierCriterion, outcomeCriterion, dateCriterion),
  { maxLength: 3 },
)

const filters = fc.constantFrom<DataFilter>({ op: 'all' }, { op: 'none' }, { op: 'type', types: ['AuditEvent'] })
const scopes: fc.Arbitrary<Scope> = fc.record({
  files: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...PATIENTS), filters), { selector: ([patient]) => patient })
    .map((pairs) => new Map(pairs)),
  // Most permits of a search cover something.
  others: fc.constantFrom('all', 'all', 'all', 'none'),
  general: fc.constant(true),
})

/** All pages of a search, and the total that each of them told. */
async function searchAll(reader: VaultReader, scope: Scope, pairs: QueryPairs): Promise<StoredVersion[]> {
  const found: StoredVersion[] = []
  const totals = new Set<number | undefined>()
  let cursor: string | null = null
  do {
    const placed: QueryPairs = cursor === null ? pairs : [...pairs, ['_cursor', cursor]]
    const page = await reader.search(permitOf(scope), parseSearch('AuditEvent', placed, { baseUrl: BASE }))
    totals.add(page.total)
    found.push(...page.matches)
    cursor = page.next
  } while (cursor !== null)
  assert.deepEqual([...totals], [found.length])
  return found
}

test('searches find what a filter over all events finds, in order, in pages, as far as the permit covers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(planned, { maxLength: 12 }),
      fc.array(
        fc.tuple(
          criteria,
          scopes,
          fc.constantFrom(null, 'date', '-date', '-_lastUpdated'),
          fc.integer({ min: 1, max: 6 }),
        ),
        {
          minLength: 6,
          maxLength: 12,
        },
      ),
      (entries, searches) =>
        withJournal(async (store, reader) => {
          for (const { patient, hours, changes } of entries) {
            await store.append(patient, { ...changes, timeMs: START_MS + hours * HOUR_MS })
          }
          const events = await allEvents(store)
          for (const [wanted, scope, sort, count] of searches) {
            const pairs: QueryPairs = [
              ...wanted.map(({ pair }) => pair),
              ['_count', String(count)],
              ...(sort === null ? [] : [['_sort', sort] as const]),
            ]
            const covered = (patient: string): boolean =>
              scope.others === 'all' && (scope.files.get(patient)?.op ?? 'all') === 'all'
            const expected = events
              .filter(({ patient, event }) => covered(patient) && wanted.every(({ holds }) => holds(event)))
              .map(({ event }) => event)
            const ascending = expected.sort((a, b) => (a.recorded < b.recorded ? -1 : a.recorded > b.recorded ? 1 : 0))
            if (sort !== 'date') ascending.reverse()
            const found = await searchAll(reader, scope, pairs)
            assert.deepEqual(
              found.map(({ text }) => JSON.parse(text)),
              ascending,
            )
          }
        }),
    ),
    { numRuns: 25 },
  )
})

/** Every event in the order in which it was written. */
async function allEvents({ parts, journal }: TestJournal) {
  const events: { patient: string; event: AuditEvent; item: number }[] = []
  for (const patient of PATIENTS) {
    const file = parts.files.byPatient(patient)
    if (file === undefined) continue
    for (const { entry } of await journal.read(file.fileId, 0, LOG_PAGE_MAX)) {
      const decoded = decode(DisclosureEntry, new Uint8Array(entry))
      const sql = 'SELECT item FROM disclosure WHERE file_id = ? AND sequence = ?'
      const row = await (await journal.settled()).get<{ item: number }>(sql, [file.fileId, decoded.sequence])
      events.push({ patient, event: auditEventOf(decoded, patient), item: Number(row?.item) })
    }
  }
  return events.sort((a, b) => a.item - b.item)
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AuditEvent } from '@medplum/fhirtypes'
import { DisclosureEntry, decode, disclosureCommitment, isSalusError } from '@salus/core'
import { verifyProofFile } from '@salus/proof'
import fc from 'fast-check'
import type { DataFilter } from '../consent/filter.ts'
import type { Scope } from '../consent/permit.ts'
import { LOG_PAGE_MAX, type NewEntry } from '../disclosure/journal.ts'
import { startTestLedger, type TestLedger } from '../testing/ledger.ts'
import { parseSearch, type QueryPairs } from '../vault/search/parse.ts'
import type { StoredVersion, VaultReader } from '../vault/vault.ts'
import { auditEventOf } from './audit-event.ts'
import { proveAuditEvent } from './audit-proof.ts'
import { withAuditEvents, withAuditOwners } from './audit-reader.ts'
import {
  BASE,
  CUSTODIAN,
  EVERYTHING,
  LAKESIDE,
  NEW_ENTRY,
  openTestJournal,
  permitOf,
  type TestJournal,
} from './test-journal.ts'

let network: TestLedger

before(async () => {
  network = await startTestLedger(['riverside'])
})
after(() => network.remove())

async function withJournal(work: (store: TestJournal, reader: VaultReader) => Promise<void>): Promise<void> {
  const store = await openTestJournal(network.ledger, network.members[0] as TestLedger['members'][number])
  try {
    await work(store, withAuditEvents(store.vault.reader, store.parts))
  } finally {
    await store.close()
  }
}

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
async function allEvents({ parts, journal, database }: TestJournal) {
  const events: { patient: string; event: AuditEvent; item: number }[] = []
  for (const patient of PATIENTS) {
    const file = parts.files.byPatient(patient)
    if (file === undefined) continue
    for (const { entry } of await journal.read(file.fileId, 0, LOG_PAGE_MAX)) {
      const decoded = decode(DisclosureEntry, new Uint8Array(entry))
      const sql = 'SELECT item FROM disclosure WHERE file_id = ? AND sequence = ?'
      const row = await database.read.get<{ item: number }>(sql, [file.fileId, decoded.sequence])
      events.push({ patient, event: auditEventOf(decoded, patient), item: Number(row?.item) })
    }
  }
  return events.sort((a, b) => a.item - b.item)
}

test('an event is read and vread under the permit for its whole record, and by nobody else', () =>
  withJournal(async (store, reader) => {
    await store.append('p1')
    const id = `${store.parts.files.byPatient('p1')?.fileId}.1`
    const covered = async (scope: Scope, who = {}): Promise<boolean> =>
      (await reader.read(permitOf(scope, who), 'AuditEvent', id)) !== undefined
    const part: DataFilter = { op: 'type', types: ['AuditEvent'] }
    const scope = (filter: DataFilter, others: Scope['others']): Scope => ({
      files: new Map([['p1', filter]]),
      others,
      general: true,
    })
    assert.equal(await covered(EVERYTHING), true)
    assert.equal(await covered(scope({ op: 'all' }, 'all')), true)
    assert.equal(await covered(scope(part, 'all')), false)
    assert.equal(await covered(scope({ op: 'none' }, 'all')), false)
    assert.equal(await covered(scope({ op: 'all' }, 'none'), { requester: LAKESIDE }), false)

    const permit = permitOf(EVERYTHING)
    const version = await reader.read(permit, 'AuditEvent', id)
    assert.ok(version)
    assert.deepEqual(await reader.vread(permit, 'AuditEvent', id, '1'), version)
    assert.equal(await reader.vread(permit, 'AuditEvent', id, '2'), undefined)
    for (const other of [`${id}0`, `${'0'.repeat(32)}.1`, 'nothing', `${id.slice(0, 33)}0`]) {
      assert.equal(await reader.read(permit, 'AuditEvent', other), undefined)
    }
    const { entry } = await store.journal.entry(id.slice(0, 32), 1)
    const { text, commitment, salt, ...about } = version
    assert.deepEqual(about, {
      type: 'AuditEvent',
      id,
      version: '1',
      lastUpdatedMs: NEW_ENTRY.timeMs,
      deleted: false,
      method: 'POST',
      patient: 'p1',
    })
    assert.deepEqual(JSON.parse(text), auditEventOf(entry, 'p1'))
    assert.deepEqual(commitment, disclosureCommitment(entry))
    assert.deepEqual(salt, entry.salt)
  }))

test('after an erasure only operators see the events, without the patient', () =>
  withJournal(async (store, reader) => {
    await store.append('p1')
    await store.append('p2')
    const id = `${store.parts.files.byPatient('p1')?.fileId}.1`
    await store.parts.files.erase('p1')
    const search = parseSearch('AuditEvent', [['agent', 'Practitioner/dr-1']])
    const staff = await reader.search(permitOf(EVERYTHING), search)
    assert.deepEqual([staff.total, staff.matches.map(({ patient }) => patient)], [1, ['p2']])
    assert.equal(await reader.read(permitOf(EVERYTHING), 'AuditEvent', id), undefined)
    const operator = permitOf(EVERYTHING, { operator: true })
    assert.equal((await reader.search(operator, search)).total, 2)
    const version = await reader.read(operator, 'AuditEvent', id)
    assert.equal(version?.patient, null)
    assert.doesNotMatch(String(version?.text), /Patient\/p1/)
    assert.equal((await reader.search(operator, parseSearch('AuditEvent', [['patient', 'p1']]))).total, 0)
  }))

test('refusals about nobody known are no events', () =>
  withJournal(async (store, reader) => {
    await store.journal.appendUnknown({ timeMs: 1, requester: LAKESIDE, practitioner: null, reason: 'no-consent' })
    const page = await reader.search(permitOf(EVERYTHING, { operator: true }), parseSearch('AuditEvent', []))
    assert.equal(page.total, 0)
  }))

test('_id, counts, totals, and the compartment of a patient', () =>
  withJournal(async (store, reader) => {
    for (const patient of ['p1', 'p1', 'p2']) await store.append(patient)
    const ids = (patient: string, sequence: number) => `${store.parts.files.byPatient(patient)?.fileId}.${sequence}`
    const permit = permitOf(EVERYTHING)
    const search = async (pairs: QueryPairs, options = {}, type: string | null = 'AuditEvent') => {
      const { total, matches, next } = await reader.search(permit, parseSearch(type, pairs, options))
      return { total, ids: matches.map(({ id }) => id), more: next !== null }
    }
    const wanted = `${ids('p1', 2)},${ids('p2', 1)},${ids('p2', 7)},nothing`
    assert.deepEqual(await search([['_id', wanted]]), { total: 2, ids: [ids('p2', 1), ids('p1', 2)], more: false })
    assert.deepEqual(await search([['_summary', 'count']]), { total: 3, ids: [], more: false })
    assert.deepEqual(await search([['_count', '0']]), { total: 3, ids: [], more: false })
    const page: QueryPairs = [
      ['_count', '1'],
      ['_total', 'none'],
    ]
    assert.deepEqual(await search(page), { total: undefined, ids: [ids('p2', 1)], more: true })
    assert.equal((await search([], { compartment: 'p1' })).total, 2)
    assert.equal((await search([['_type', 'AuditEvent']], {}, null)).total, 3)
    assert.equal((await search([['_id:missing', 'true']])).total, 0)
  }))

test('what is not supported is refused by its name', () =>
  withJournal(async (store, reader) => {
    await store.append('p1')
    const code = async (...pairs: QueryPairs): Promise<string> => {
      const wanted = parseSearch('AuditEvent', pairs)
      const error = await reader.search(permitOf(EVERYTHING), wanted).catch((thrown: unknown) => thrown)
      assert.ok(isSalusError(error), pairs.join())
      return error.code
    }
    for (const name of ['action', 'address', 'policy', 'source', 'subtype', '_tag', '_profile']) {
      assert.equal(await code([name, 'x']), 'search-parameter-unsupported')
    }
    for (const sort of ['agent', 'date,_id', '_id']) {
      assert.equal(await code(['_sort', sort]), 'search-parameter-unsupported')
    }
    assert.equal(await code(['_include', 'AuditEvent:patient']), 'search-parameter-unsupported')
    assert.equal(await code(['_revinclude', 'Provenance:target']), 'search-parameter-unsupported')
    const modified = [
      'outcome:not',
      'agent:missing',
      'patient:Patient.name',
      '_id:not',
      'entity:identifier',
      'outcome:text',
    ]
    for (const name of modified) assert.equal(await code([name, 'true']), 'search-modifier-unsupported')
    assert.equal(await code(['_has:Provenance:target:agent', 'x']), 'search-modifier-unsupported')
    assert.equal(await code(['_cursor', 'bm90IGEgY3Vyc29y']), 'cursor-invalid')
  }))

test('a cursor continues its own query alone', () =>
  withJournal(async (store, reader) => {
    await store.append('p1')
    await store.append('p1')
    const permit = permitOf(EVERYTHING)
    const { next } = await reader.search(permit, parseSearch('AuditEvent', [['_count', '1']]))
    assert.ok(next)
    const other: QueryPairs = [
      ['outcome', '0'],
      ['_cursor', next],
    ]
    await assert.rejects(reader.search(permit, parseSearch('AuditEvent', other)), { code: 'cursor-invalid' })
  }))

test('all else is what the vault says; events have no history', () =>
  withJournal(async ({ vault, ...store }, reader) => {
    await store.append('p1')
    await vault.writer.write([{ kind: 'put', resource: { resourceType: 'Patient', id: 'p1' }, method: 'PUT' }])
    const permit = permitOf(EVERYTHING)
    assert.deepEqual(await reader.read(permit, 'Patient', 'p1'), await vault.reader.read(permit, 'Patient', 'p1'))
    assert.equal((await reader.vread(permit, 'Patient', 'p1', '1'))?.version, '1')
    assert.equal((await reader.history(permit, { count: 10 })).total, 1)
    const found = await reader.search(permit, parseSearch('Patient', [['_revinclude', 'AuditEvent:patient']]))
    assert.deepEqual([found.total, found.included.length], [1, 0])
    assert.equal((await reader.everything(permit, 'p1', parseSearch(null, []))).matches.length, 1)
    await assert.rejects(reader.history(permit, { type: 'AuditEvent', count: 10 }), { code: 'history-unsupported' })
  }))

test('an event is owned by the patient of its file', () =>
  withJournal(async (store) => {
    await store.append('p1')
    const id = `${store.parts.files.byPatient('p1')?.fileId}.1`
    const ownerOf = withAuditOwners(async (type) => `owner-of-${type}`, store.parts)
    assert.equal(await ownerOf('Observation', '1'), 'owner-of-Observation')
    assert.equal(await ownerOf('AuditEvent', id), 'p1')
    assert.equal(await ownerOf('AuditEvent', `${id}0`), undefined)
    assert.equal(await ownerOf('AuditEvent', 'nothing'), undefined)
    await store.parts.files.erase('p1')
    assert.equal(await ownerOf('AuditEvent', id), null)
  }))

test('the proof of an event proves the disclosure', () =>
  withJournal(async (store, reader) => {
    const { id: custodian } = network.members[0] as TestLedger['members'][number]
    await store.append('p1', { custodian, requester: custodian })
    await store.append('p1', { custodian, requester: custodian })
    await store.outbox.flush()
    const id = `${store.parts.files.byPatient('p1')?.fileId}.2`
    const version = await reader.vread(permitOf(EVERYTHING), 'AuditEvent', id, '1')
    assert.ok(version)
    const { ledger, genesis, genesisText } = network
    const proof = await proveAuditEvent({ read: store.database.read, journal: store.journal, ledger, genesis }, version)
    const result = verifyProofFile(proof, genesisText)
    assert.ok(result.valid, JSON.stringify(result))
    assert.equal(result.claim.kind === 'disclosure' && result.claim.sequence, 2)
  }))

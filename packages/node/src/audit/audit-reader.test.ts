import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { disclosureCommitment, isSalusError } from '@salus/core'
import { verifyProofFile } from '@salus/proof'
import type { DataFilter } from '../consent/filter.ts'
import type { Scope } from '../consent/permit.ts'
import { startTestLedger, type TestLedger } from '../testing/ledger.ts'
import { parseSearch, type QueryPairs } from '../vault/search/parse.ts'
import type { VaultReader } from '../vault/vault.ts'
import { auditEventOf } from './audit-event.ts'
import { proveAuditEvent } from './audit-proof.ts'
import { withAuditEvents, withAuditOwners } from './audit-reader.ts'
import { EVERYTHING, LAKESIDE, NEW_ENTRY, permitOf, type TestJournal, withTestJournal } from './test-journal.ts'

let network: TestLedger

before(async () => {
  network = await startTestLedger(['riverside'])
})
after(() => network.remove())

const withJournal = (work: (store: TestJournal, reader: VaultReader) => Promise<void>): Promise<void> =>
  withTestJournal(network, (store) => work(store, withAuditEvents(store.vault.reader, store.parts)))

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
      patients: ['p1'],
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

test('dates stand for ranges: the edges of a day under every prefix', () =>
  withJournal(async (store, reader) => {
    const edges = ['03-01T23:59:59.999Z', '03-02T00:00:00.000Z', '03-02T23:59:59.999Z', '03-03T00:00:00.000Z']
    for (const edge of edges) await store.append('p1', { timeMs: Date.parse(`2026-${edge}`) })
    const expected = { '': '23', eq: '23', ne: '14', gt: '4', sa: '4', lt: '1', eb: '1', ge: '234', le: '123' }
    for (const name of ['date', '_lastUpdated']) {
      for (const [prefix, sequences] of Object.entries(expected)) {
        const pairs: QueryPairs = [
          [name, `${prefix}2026-03-02`],
          ['_sort', 'date'],
        ]
        const { matches } = await reader.search(permitOf(EVERYTHING), parseSearch('AuditEvent', pairs))
        assert.equal(matches.map(({ id }) => id.slice(33)).join(''), sequences, `${name} ${prefix}`)
      }
    }
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
    const modified = ['outcome:not', 'patient:Patient.name', '_id:not', 'entity:identifier', 'outcome:text']
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
    const ownersOf = withAuditOwners(async (type) => [`owner-of-${type}`], store.parts)
    assert.deepEqual(await ownersOf('Observation', '1'), ['owner-of-Observation'])
    assert.deepEqual(await ownersOf('AuditEvent', id), ['p1'])
    assert.equal(await ownersOf('AuditEvent', `${id}0`), undefined)
    assert.equal(await ownersOf('AuditEvent', 'nothing'), undefined)
    await store.parts.files.erase('p1')
    assert.deepEqual(await ownersOf('AuditEvent', id), [])
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

/** Writing, versions, history, erasure. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { commitVersion, isSalusError, utf8 } from '@salus/core'
import type { DataFilter } from '../consent/filter.ts'
import { CONFIDENTIALITY_SYSTEM } from '../consent/labels.ts'
import { openSqlite } from '../db/sqlite.ts'
import { parseFhirJson } from './fhir-json.ts'
import { vaultDdl } from './store.ts'
import { namesOf, openTestVault, permitFor, permitOf, putOf, type Stored } from './test-vault.ts'

const patient = { resourceType: 'Patient', id: 'a' } as Stored
const other = { resourceType: 'Patient', id: 'b' } as Stored

function observation(id: string, of: string, more: object = {}): Stored {
  const code = { coding: [{ system: 'http://loinc.org', code: '1' }] }
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code,
    subject: { reference: `Patient/${of}` },
    ...more,
  } as Stored
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => isSalusError(error, expected)
}

test('a version keeps the text, its numbers and its commitment', async () => {
  await using vault = disposable(await openTestVault())
  const text = '{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50},"status":"final","code":{}}'
  const { resource, spellings } = parseFhirJson(text)
  const [stored] = await vault.writer.write([{ kind: 'put', resource: resource as Stored, spellings, method: 'POST' }])
  assert.ok(stored)
  const meta = '"meta":{"versionId":"1","lastUpdated":"2024-01-15T12:00:00.000Z"}'
  assert.equal(stored.text, text.replace('"id":"o",', `"id":"o",${meta},`))
  const { salt, ...read } = (await vault.reader.read(permitOf(), 'Observation', 'o')) ?? assert.fail()
  assert.deepEqual({ ...read, salt: new Uint8Array(salt) }, { ...stored, commitment: read.commitment })
  const commitment = commitVersion('Observation', 'o', '1', utf8(stored.text), new Uint8Array(salt))
  assert.deepEqual(new Uint8Array(read.commitment), commitment)
})

test('versions count up, times strictly increase, and deletions are versions', async () => {
  await using vault = disposable(await openTestVault({ now: () => 1000 }))
  await vault.put(patient)
  await vault.put(patient)
  const [deleted] = await vault.writer.write([{ kind: 'delete', type: 'Patient', id: 'a', ifVersion: '2' }])
  assert.equal(deleted?.text, '')
  assert.equal((await vault.reader.read(permitOf(), 'Patient', 'a'))?.deleted, true)
  assert.deepEqual(namesOf(await vault.search('Patient')), [])
  await vault.put(patient)
  const { versions, total } = await vault.reader.history(permitOf(), { type: 'Patient', id: 'a', count: 10 })
  assert.equal(total, 4)
  assert.deepEqual(
    versions.map((one) => [one.version, one.lastUpdatedMs, one.method]),
    [
      ['4', 1003, 'PUT'],
      ['3', 1002, 'DELETE'],
      ['2', 1001, 'PUT'],
      ['1', 1000, 'PUT'],
    ],
  )
  assert.equal((await vault.reader.vread(permitOf(), 'Patient', 'a', '2'))?.version, '2')
  assert.equal(await vault.reader.vread(permitOf(), 'Patient', 'a', '9'), undefined)
  const page = await vault.reader.history(permitOf(), { count: 3 })
  const rest = await vault.reader.history(permitOf(), { count: 3, cursor: page.next ?? assert.fail() })
  assert.deepEqual([page.versions.length, rest.versions.length, rest.next], [3, 1, null])
  const at = await vault.reader.history(permitOf(), { type: 'Patient', id: 'a', atMs: 1002, count: 10 })
  assert.deepEqual(
    at.versions.map((one) => one.version),
    ['3'],
  )
})

test('a version names every patient whose record it belongs to', async () => {
  await using vault = disposable(await openTestVault())
  const meeting = (...ids: readonly string[]): Stored =>
    ({
      resourceType: 'Appointment',
      id: 'm',
      status: 'booked',
      participant: ids.map((id) => ({ status: 'accepted', actor: { reference: `Patient/${id}` } })),
    }) as Stored
  const provenance = {
    resourceType: 'Provenance',
    id: 'v',
    target: [{ reference: 'Appointment/m' }],
    recorded: '2020-01-01T00:00:00Z',
    agent: [{ who: { display: 'x' } }],
  } as Stored
  const organization = { resourceType: 'Organization', id: 'o', name: 'x' } as Stored
  const early = { ...provenance, id: 'early' } as Stored
  await vault.put(patient, other, early)
  const written = await vault.writer.write(
    [meeting('b', 'a'), provenance, organization, observation('w', 'a')].map(putOf),
  )
  assert.deepEqual(
    written.map((version) => version.patients),
    [['b', 'a'], ['b', 'a'], [], ['a']],
  )
  const patientsOf = async (type: string, id: string, version?: string) => {
    const read = vault.reader
    const found = await (version ? read.vread(permitOf(), type, id, version) : read.read(permitOf(), type, id))
    assert.equal(found?.patients[0] ?? null, found?.patient)
    return found?.patients
  }
  assert.deepEqual(await patientsOf('Appointment', 'm'), ['b', 'a'])
  assert.deepEqual(await patientsOf('Provenance', 'v'), ['b', 'a'])
  assert.deepEqual(await patientsOf('Provenance', 'early'), ['b', 'a'])
  assert.deepEqual(await patientsOf('Organization', 'o'), [])
  assert.deepEqual(await patientsOf('Observation', 'w'), ['a'])
  const { matches } = await vault.search('Appointment')
  assert.deepEqual(
    matches.map((version) => version.patients),
    [['b', 'a']],
  )
  // Later versions and deletions belong to whom they name; what an earlier one says stays with both.
  await vault.put(meeting('b'))
  const [deleted] = await vault.writer.write([{ kind: 'delete', type: 'Appointment', id: 'm' }])
  assert.deepEqual(deleted?.patients, ['b'])
  assert.deepEqual(await patientsOf('Appointment', 'm', '1'), ['b', 'a'])
  assert.deepEqual(await patientsOf('Appointment', 'm', '2'), ['b'])
  const { versions } = await vault.reader.history(permitOf(), { type: 'Appointment', id: 'm', count: 10 })
  assert.deepEqual(
    versions.map((version) => version.patients),
    [['b'], ['b'], ['b', 'a']],
  )
  await vault.put(meeting('b', 'a'))
  const [gone] = await vault.writer.write([{ kind: 'delete', type: 'Appointment', id: 'm' }])
  assert.deepEqual(gone?.patients, ['b', 'a'])
  assert.deepEqual(await patientsOf('Appointment', 'm'), ['b', 'a'])
})

test('a write that fails leaves nothing behind', async () => {
  await using vault = disposable(await openTestVault())
  await vault.put(patient, other)
  const conflict = vault.writer.write([putOf(observation('o', 'a')), { ...putOf(patient), ifVersion: '7' }])
  await assert.rejects(conflict, code('version-conflict'))
  await assert.rejects(vault.writer.write([{ ...putOf(patient), ifVersion: '0' }]), code('version-conflict'))
  const encounter = { resourceType: 'Encounter', id: 'e', subject: { reference: 'Patient/b' } }
  const crossing = observation('o', 'a', { encounter: { reference: 'Encounter/e' } })
  await assert.rejects(vault.put(encounter, crossing), code('cross-patient-reference'))
  await assert.rejects(vault.put(patient, patient), code('resource-repeated'))
  await assert.rejects(vault.writer.write([{ kind: 'delete', type: 'Patient', id: 'x' }]), code('resource-absent'))
  assert.deepEqual(namesOf(await vault.search('')), ['Patient/a', 'Patient/b'])
  assert.equal((await vault.reader.history(permitOf(), { count: 10 })).total, 2)
  const linked = { ...patient, link: [{ other: { reference: 'Patient/b' }, type: 'seealso' }] }
  await vault.put(linked)
})

test('writes at once: one that fails does not take another with it, nor its data key', async () => {
  await using vault = disposable(await openTestVault())
  const bad = vault.writer.write([putOf(patient), { ...putOf(other), ifVersion: '7' }])
  const good = vault.writer.write([putOf(observation('o', 'a'))])
  await assert.rejects(bad, code('version-conflict'))
  await good
  assert.equal((await vault.reader.read(permitOf(), 'Observation', 'o'))?.version, '1')
  assert.equal(await vault.reader.read(permitOf(), 'Patient', 'a'), undefined)
})

test('the hook sees all versions inside the transaction, and its failure undoes them', async () => {
  const seen: number[] = []
  const onVersions = async (_transaction: unknown, versions: readonly unknown[]): Promise<void> => {
    seen.push(versions.length)
    if (versions.length > 1) throw new Error('refused')
  }
  await using vault = disposable(await openTestVault({ onVersions }))
  await vault.put(patient)
  await assert.rejects(vault.put(patient, other), /refused/)
  assert.deepEqual(seen, [1, 2])
  assert.deepEqual(namesOf(await vault.search('Patient')), ['Patient/a'])
  assert.equal((await vault.reader.read(permitOf(), 'Patient', 'a'))?.version, '1')
})

test('what the compartment does not place belongs to the patient that it refers to', async () => {
  await using vault = disposable(await openTestVault())
  const provenance = { resourceType: 'Provenance', id: 'p', target: [{ reference: 'Observation/o' }] }
  await vault.put(provenance)
  const general = permitOf({ others: 'none' })
  assert.equal((await vault.reader.read(permitOf(), 'Provenance', 'p'))?.patient, null)
  assert.equal(await vault.reader.read(general, 'Provenance', 'p'), undefined)
  await vault.put(patient, observation('o', 'a'))
  assert.equal(await vault.reader.read(general, 'Provenance', 'p'), undefined)
  assert.equal((await vault.reader.read(permitFor('a', { op: 'all' }), 'Provenance', 'p'))?.patient, 'a')
})

test('an old version is covered only when it and the current one are', async () => {
  await using vault = disposable(await openTestVault())
  const restricted = { meta: { security: [{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }] } }
  await vault.put(
    patient,
    observation('was', 'a', restricted),
    observation('is', 'a'),
    observation('gone', 'a', restricted),
  )
  await vault.put(observation('was', 'a'), observation('is', 'a', restricted))
  await vault.writer.write([{ kind: 'delete', type: 'Observation', id: 'gone' }])
  const normal: DataFilter = { op: 'label', labels: [{ system: CONFIDENTIALITY_SYSTEM, code: 'N' }] }
  const permit = permitFor('a', normal)
  const seen = async (id: string, version: string) =>
    (await vault.reader.vread(permit, 'Observation', id, version)) !== undefined
  assert.deepEqual([await seen('was', '1'), await seen('was', '2')], [false, true])
  assert.deepEqual([await seen('is', '1'), await seen('is', '2')], [false, false])
  assert.deepEqual([await seen('gone', '1'), await seen('gone', '2')], [false, false])
  assert.equal(await vault.reader.read(permit, 'Observation', 'gone'), undefined)
  const { versions, total } = await vault.reader.history(permit, { type: 'Observation', count: 10 })
  assert.deepEqual([total, versions.map(({ id, version }) => `${id}/${version}`)], [1, ['was/2']])
})

test('an old version belongs to those whose resources it referred to', async () => {
  await using vault = disposable(await openTestVault())
  const provenance = (...targets: string[]) => ({
    resourceType: 'Provenance',
    id: 'v',
    target: targets.map((id) => ({ reference: `Observation/${id}` })),
  })
  await vault.put(patient, { ...patient, id: 'b' }, observation('oa', 'a'), observation('ob', 'b'))
  await vault.put(provenance('oa', 'ob'))
  await vault.put(provenance('oa'))
  const permit = permitFor('a', { op: 'all' })
  assert.equal((await vault.reader.vread(permit, 'Provenance', 'v', '2'))?.patients.join(), 'a')
  assert.equal(await vault.reader.vread(permit, 'Provenance', 'v', '1'), undefined)
  assert.equal((await vault.reader.vread(permitOf(), 'Provenance', 'v', '1'))?.patients.join(), 'a,b')
})

test('a history that is judged by content counts once, and later pages open no more than they take', async () => {
  await using vault = disposable(await openTestVault())
  const restricted = { meta: { security: [{ system: CONFIDENTIALITY_SYSTEM, code: 'R' }] } }
  await vault.put(patient)
  for (let version = 1; version <= 20; version++) await vault.put(observation('o', 'a', version % 3 ? {} : restricted))
  const permit = permitFor('a', { op: 'label', labels: [{ system: CONFIDENTIALITY_SYSTEM, code: 'N' }] })
  const asked = { type: 'Observation', id: 'o', count: 3 }
  let page = await vault.reader.history(permit, asked)
  const seen = page.versions.map(({ version }) => Number(version))
  await vault.database.write((transaction) =>
    // What is not opened may be anything.
    transaction.run(
      "UPDATE vault_version SET body = x'00' WHERE type = (SELECT type FROM vault_version WHERE seq = 2) AND version = 1",
    ),
  )
  for (let n = 1; n < 4; n++) {
    page = await vault.reader.history(permit, { ...asked, cursor: page.next as string })
    assert.equal(page.total, 14)
    seen.push(...page.versions.map(({ version }) => Number(version)))
  }
  assert.deepEqual(seen, [20, 19, 17, 16, 14, 13, 11, 10, 8, 7, 5, 4])
  assert.notEqual(page.next, null)
})

test('erasure leaves commitments and nothing else, in the files too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'salus-'))
  const path = join(folder, 'database')
  const secret = 'Zaphodbeeblebrox'
  const database = openSqlite(path, vaultDdl)
  const vault = await openTestVault({ database })
  await vault.put({ ...patient, name: [{ family: secret }] }, observation('o', 'a'), other, observation('p', 'b'))
  assert.ok(readFileSync(`${path}-wal`).includes(secret.toLowerCase()))
  await vault.writer.erase('a')
  assert.equal(await vault.reader.read(permitOf(), 'Patient', 'a'), undefined)
  assert.equal(await vault.reader.vread(permitOf(), 'Observation', 'o', '1'), undefined)
  assert.deepEqual(namesOf(await vault.search('')), ['Patient/b', 'Observation/p'])
  assert.equal((await vault.reader.history(permitOf(), { count: 10 })).total, 2)
  await assert.rejects(vault.put(observation('new', 'a')), code('patient-erased'))
  await assert.rejects(vault.put(patient), code('patient-erased'))
  const kept = await database.read.get<{ n: number }>('SELECT count(*) AS n FROM vault_version')
  assert.equal(kept?.n, 4)
  for (const file of [path, `${path}-wal`]) {
    const content = readFileSync(file).toString('latin1').toLowerCase()
    assert.ok(!content.includes(secret.toLowerCase()), file)
  }
  await database.close()
  await rm(folder, { recursive: true })
})

test('a vault goes on where it was closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'salus-'))
  const path = join(folder, 'database')
  const first = await openTestVault({ database: openSqlite(path, vaultDdl) })
  await first.put(patient, observation('o', 'a'))
  const { next } = await first.search('?_count=1')
  await first.close()
  const second = await openTestVault({ database: openSqlite(path, vaultDdl) })
  await second.put(other, observation('o', 'a'))
  assert.equal((await second.reader.read(permitOf(), 'Observation', 'o'))?.version, '2')
  assert.deepEqual(namesOf(await second.search(`?_count=9&_cursor=${next}`)), ['Observation/o', 'Patient/b'])
  await second.close()
  await rm(folder, { recursive: true })
})

function disposable<T extends { close(): Promise<void> }>(vault: T): T & AsyncDisposable {
  return Object.assign(vault, { [Symbol.asyncDispose]: () => vault.close() })
}

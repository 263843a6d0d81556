/**
 * The main job, start to end, on a network of its own: records are loaded, another member is refused, the patient
 * grants, the member reads what the consent covers and nothing else, the log shows every disclosure with a proof, a
 * revocation works at once, emergency access is flagged, the custodian corrects and erases, and a custodian that hides
 * a disclosure is found out.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle, Patient } from '@medplum/fhirtypes'
import { verifyProofFile } from '@salus/proof'
import { syntheticBundles } from '@salus/sim'
import {
  assertNothingOutside,
  checkBatch,
  checkEverything,
  checkHistories,
  checkPaging,
  checkReads,
  coveredOf,
  outsideOf,
  type World,
} from './support/coverage.ts'
import { type Demo, type Disclosure, type DisclosureLog, demoTest, step } from './support/demo.ts'
import { isNormalOfType } from './support/expected.ts'
import { type FhirClient, nameOf, names, type Stored } from './support/fhir.ts'
import { type Probes, writeProbes } from './support/probes.ts'
import { chains, checkVersions, includes, searches } from './support/reads.ts'
import { countsOf, countsOfBundles, recordOf } from './support/record.ts'

/** The patient whose record holds restricted data of several types, by their place among the synthetic patients. */
const PATIENT = 4
const TYPES = ['Observation', 'Condition']
const GRANT = ['--custodian', 'riverside', '--recipient', 'lakeside', '--type', TYPES.join(',')]
const BYTES_CHANGED = 400

demoTest('the main job', {}, async (t, demo) => {
  const patient = demo.patient(PATIENT)
  const lakeside = demo.exchange('lakeside', 'riverside')
  const admin = demo.own('riverside', 'admin')
  const clinician = demo.own('riverside', 'clinician')

  await step(t, 'the synthetic records are loaded', () => recordsAreLoaded(demo, admin))
  await step(t, 'without a consent another member is refused, and the patient sees it', async () => {
    for (const path of [`Observation?patient=${patient.reference}`, patient.reference]) {
      const reply = await lakeside.get(path)
      assert.deepEqual([reply.status, reply.code], [403, 'access-refused'])
      assert.match(reply.text, /no-consent/)
    }
    const refused = (await readLog(demo, PATIENT)).disclosures.filter(({ member }) => member === 'lakeside')
    assert.deepEqual(
      refused.map(({ member, decision, reason, what }) => ({ member, decision, reason, what })),
      [1, 2].map(() => ({ member: 'lakeside', decision: 'deny', reason: 'no-consent', what: [] })),
    )
    assert.equal(refused[0]?.practitioner, demo.member('lakeside').clinicianPractitioner)
    const cli = await demo.salus(fetchArgs(`Observation?patient=${patient.reference}`))
    assert.deepEqual([cli.code, (cli.json as { resourceType?: string }).resourceType], [3, 'OperationOutcome'])
  })

  const probes = await writeProbes(clinician, patient.reference)
  let consent = ''
  await step(t, 'the patient grants', async () => {
    const grant = [...GRANT, '--purpose', 'TREAT', '--days', '30', '--without-label', 'R,V']
    const { code, json } = await demo.wallet<Granted>(patient, ['consent', 'grant', ...grant])
    assert.deepEqual([code, json.status], [0, 'active'])
    consent = json.id
    const list = await demo.wallet<Consents>(patient, ['consent', 'list'])
    assert.deepEqual(
      list.json.consents.map(({ id, status }) => ({ id, status })),
      [{ id: consent, status: 'active' }],
    )
  })

  const record = await recordOf(admin, patient.reference)
  const isCovered = isNormalOfType(TYPES)
  const world: World = { asker: lakeside, admin, patient: patient.reference, record, isCovered }
  await step(t, 'the member reads exactly what the consent covers', (inner) => readsWhatIsCovered(inner, world, probes))
  await step(t, 'one consent says nothing about other patients and other members', async () => {
    for (const other of [0, 1, 2, 3].map((index) => demo.patient(index).reference)) {
      assert.equal((await lakeside.get(`Observation?patient=${other}`)).status, 403)
      assert.equal((await lakeside.get(`Observation?patient=${patient.reference},${other}`)).status, 200)
    }
    assert.deepEqual(names((await lakeside.pages('Observation?_count=500')).matches), covered(world, 'Observation'))
    const hilltop = demo.exchange('hilltop', 'riverside')
    assert.equal((await hilltop.get(`Observation?patient=${patient.reference}`)).status, 403)
    const research = demo.exchange('lakeside', 'riverside', { 'x-purpose-of-use': 'HRESCH' })
    assert.equal((await research.get(`Observation?patient=${patient.reference}`)).status, 403)
  })
  await step(t, 'the other member writes nothing', () => writesNothing(world))
  await step(t, 'the log shows every disclosure, each with a proof', () => provesDisclosures(demo, consent))
  await step(t, 'a revocation holds for the very next read', () => revokes(demo, lakeside, consent))
  await step(t, 'emergency access needs a reason and stands first in the log', () => breaksGlass(demo))
  await step(t, 'a correction keeps the earlier version, both provable', () => corrects(demo, clinician, record))
  await step(t, 'a custodian that hides a disclosure is found out', () => hidesDisclosure(demo))
  await step(t, 'an erased patient leaves no data behind', () => erases(demo, lakeside, record))
})

interface Granted {
  readonly id: string
  readonly status: string
}

interface Consents {
  readonly consents: readonly { readonly id: string; readonly status: string }[]
}

interface Verified {
  readonly valid: boolean
  readonly claim: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: string }
}

function fetchArgs(query: string): string[] {
  return ['fetch', '--as', 'lakeside', '--from', 'riverside', query]
}

function covered(world: World, type: string): string[] {
  return names(coveredOf(world).filter(({ resourceType }) => resourceType === type))
}

async function readLog(demo: Demo, patient: number): Promise<DisclosureLog> {
  const { code, json, stderr } = await demo.wallet<DisclosureLog>(demo.patient(patient), ['log'])
  assert.equal(code, 0, stderr)
  assert.equal(json.complete, true)
  return json
}

async function recordsAreLoaded(demo: Demo, admin: FhirClient): Promise<void> {
  assert.equal(demo.network.patients.length, 5)
  const wanted = countsOfBundles(syntheticBundles({ seed: 1, count: 5 }))
  const found = await countsOf(admin)
  // Besides the bundles there are the members' own Organizations and the clinician.
  wanted.set('Organization', (wanted.get('Organization') ?? 0) + 3)
  wanted.set('Practitioner', (wanted.get('Practitioner') ?? 0) + 1)
  assert.deepEqual(found, new Map([...wanted].sort(([a], [b]) => (a < b ? -1 : 1))))
  for (const { name, files } of demo.network.patients) {
    const { name: [human] = [] } = await admin.found<Patient>(files.riverside as string)
    assert.equal([...(human?.given ?? []), human?.family].join(' '), name)
  }
}

async function readsWhatIsCovered(t: TestContext, world: World, probes: Probes): Promise<void> {
  assert.ok(coveredOf(world).length > 90 && outsideOf(world).length > 60, 'the record puts the consent to the test')
  await step(t, 'read and vread', () => checkReads(world))
  await step(t, 'search', () => searches(world, probes))
  await step(t, 'chained searches and _has do not reach beyond the consent', () => chains(world, probes))
  await step(t, '_include and _revinclude add nothing from outside', () => includes(world, probes))
  await step(t, 'paging to the end', async () => {
    for (const count of [1, 7, 25]) await checkPaging(world, count === 1 ? 'Condition' : 'Observation', count)
  })
  await step(t, 'batch', () => checkBatch(world, [...coveredOf(world).slice(0, 20), ...outsideOf(world).slice(0, 20)]))
  await step(t, '$everything', () => checkEverything(world))
  await step(t, 'history', async () => {
    await checkHistories(world, TYPES)
    for (const type of ['Encounter', 'Patient', 'MedicationRequest']) {
      assert.deepEqual((await world.asker.pages(`${type}/_history`)).matches, [], type)
    }
    assertNothingOutside(world, (await world.asker.pages('_history?_count=100')).matches, '_history')
    await checkVersions(world, probes)
  })
}

async function writesNothing({ asker, record }: World): Promise<void> {
  const { id: _id, ...resource } = record.find(({ resourceType }) => resourceType === 'Observation') as Stored
  const created = await asker.write('POST', 'Observation', resource)
  assert.ok([403, 404, 405].includes(created.status), created.text)
  const request = { method: 'POST', url: 'Observation' }
  const batch = { resourceType: 'Bundle', type: 'batch', entry: [{ resource, request }] }
  const reply = await asker.write('POST', '', batch)
  const answered = reply.status === 200 ? (reply.json as Bundle).entry?.[0]?.response?.status : String(reply.status)
  assert.match(answered ?? '', /^403/)
  const transaction = await asker.write('POST', '', { ...batch, type: 'transaction' })
  assert.equal(transaction.status, 403, transaction.text)
}

async function provesDisclosures(demo: Demo, consent: string): Promise<void> {
  const patient = demo.patient(PATIENT)
  const { disclosures } = await readLog(demo, PATIENT)
  assert.ok(disclosures.length > 300)
  for (const { status, decision, reason } of disclosures) {
    assert.ok(['accepted', 'committed', 'proven'].includes(status))
    assert.equal(decision === 'permit', ['consent', 'inside', 'operator'].includes(reason), reason)
  }
  const read = disclosures.find((one) => one.reason === 'consent' && one.what.length > 0) as Disclosure
  const denied = disclosures.find(({ decision }) => decision === 'deny') as Disclosure
  assert.equal(read.consent, consent)
  for (const [name, { id }] of Object.entries({ read, denied })) {
    const out = `${name}.json`
    assert.equal((await demo.wallet(patient, ['proof', 'export', '--disclosure', id, '--out', out])).code, 0)
    const verified = await demo.salus<Verified>(['verify', out, '--genesis', demo.network.genesis])
    assert.deepEqual([verified.code, verified.json.valid], [0, true])
  }
  const proof = readFileSync(join(demo.folder, 'read.json'), 'utf8')
  noticesChangedBytes(proof, (changed) => verifyProofFile(changed, demo.genesis))
  noticesChangedBytes(demo.genesis, (changed) => verifyProofFile(proof, changed))
  writeFileSync(join(demo.folder, 'changed.json'), proof.replace('"index": ', '"index": 1'))
  const refused = await demo.salus<Verified>(['verify', 'changed.json', '--genesis', demo.network.genesis])
  assert.deepEqual([refused.code, refused.json.valid, typeof refused.json.error?.code], [4, false, 'string'])
}

/** Each byte changed by one bit, as many of them as the budget allows, spread over the whole text. */
function noticesChangedBytes(text: string, verify: (changed: string) => ReturnType<typeof verifyProofFile>): void {
  const bytes = Buffer.from(text, 'latin1')
  const stepBytes = Math.max(1, Math.floor(bytes.length / BYTES_CHANGED))
  for (let at = 0; at < bytes.length; at += stepBytes) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] as number) ^ (1 << (at % 7))
    const result = verify(changed.toString('utf8'))
    assert.equal(result.valid, false, `byte ${at} of ${bytes.length}`)
    if (!result.valid) assert.match(result.error.code, /^[a-z0-9-]+$/)
  }
}

async function revokes(demo: Demo, lakeside: FhirClient, first: string): Promise<void> {
  const patient = demo.patient(PATIENT)
  const path = `Observation?patient=${patient.reference}&_summary=count`
  const statuses: number[] = []
  let id = first
  for (let round = 0; round < 4; round++) {
    statuses.push((await lakeside.get(path)).status)
    const revoked = await demo.wallet<Granted>(patient, ['consent', 'revoke', '--id', id])
    statuses.push((await lakeside.get(path)).status)
    assert.deepEqual([revoked.code, revoked.json.status], [0, 'revoked'])
    const granted = await demo.wallet<Granted>(patient, ['consent', 'grant', ...GRANT])
    id = granted.json.id
  }
  assert.deepEqual(statuses, [200, 403, 200, 403, 200, 403, 200, 403])
  await demo.wallet(patient, ['consent', 'revoke', '--id', id])
  const list = await demo.wallet<Consents>(patient, ['consent', 'list'])
  assert.deepEqual(new Set(list.json.consents.map(({ status }) => status)), new Set(['revoked']))
}

async function breaksGlass(demo: Demo): Promise<void> {
  const { reference } = demo.patient(PATIENT)
  const ask = (headers: Record<string, string>) => demo.exchange('lakeside', 'riverside', headers).get(reference)
  const without = await ask({ 'x-purpose-of-use': 'BTG' })
  assert.deepEqual([without.status, without.code], [403, 'emergency-reason-required'])
  assert.equal((await ask({ 'x-purpose-of-use': 'BTG', 'x-emergency-reason': '   ' })).status, 403)
  const reason = 'unconscious after a fall'
  const reply = await ask({ 'x-purpose-of-use': 'BTG', 'x-emergency-reason': reason })
  assert.equal(reply.status, 200, reply.text)
  const cli = await demo.salus([...fetchArgs(reference), '--emergency', reason])
  assert.equal(cli.code, 0)
  await demo.exchange('lakeside', 'riverside').get(reference)
  const { disclosures } = await readLog(demo, PATIENT)
  const [first, second, third] = disclosures
  for (const one of [first, second]) {
    const { decision, emergency, emergencyReason, purpose } = one as Disclosure
    assert.deepEqual([decision, emergency, emergencyReason, purpose], ['permit', true, reason, 'BTG'])
  }
  assert.equal(third?.emergency, false)
}

async function corrects(demo: Demo, clinician: FhirClient, record: readonly Stored[]): Promise<void> {
  const before = record.find(({ resourceType }) => resourceType === 'Condition') as Stored
  const name = nameOf(before)
  const corrected = await clinician.put({ ...before, note: [{ text: 'corrected' }] } as Stored)
  assert.equal(corrected.status, 200, corrected.text)
  const history = await clinician.pages(`${name}/_history`)
  assert.deepEqual(
    history.matches.map(({ meta }) => meta?.versionId),
    ['2', '1'],
  )
  assert.deepEqual((await clinician.get(`${name}/_history/1`)).json, before)
  for (const version of ['1', '2']) {
    const path = `${name}/_history/${version}`
    const [text, proof] = [(await clinician.get(path)).text, await whenCommitted(clinician, `${path}/$proof`)]
    const result = verifyProofFile(proof, demo.genesis)
    assert.ok(result.valid, result.valid ? '' : result.error.code)
    assert.equal((JSON.parse(proof) as { resource: string }).resource, text)
  }
}

/** The proof of a version, once the ledger has it. */
async function whenCommitted(client: FhirClient, path: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    const { status, text } = await client.get(path)
    if (status === 200) return text
    assert.ok(status === 409 && tries < 50, text)
    await sleep(100)
  }
}

async function hidesDisclosure(demo: Demo): Promise<void> {
  const hidden = 3
  const patient = demo.patient(hidden)
  for (let i = 0; i < 3; i++) await demo.exchange('lakeside', 'riverside').get(patient.reference)
  const { disclosures } = await readLog(demo, hidden)
  await sleep(1500)
  assert.equal(await demo.stop(), 0)
  const [file, sequence] = (disclosures[1] as Disclosure).id.split('.') as [string, string]
  const database = new DatabaseSync(demo.state('members', 'riverside', 'journal.db'))
  const sql = 'DELETE FROM disclosure WHERE file_id = ? AND sequence = ?'
  assert.equal(database.prepare(sql).run(file, Number(sequence)).changes, 1)
  database.close()
  await demo.start()
  const log = await demo.wallet<DisclosureLog>(patient, ['log', '--omission-out', 'omission.json'])
  assert.deepEqual([log.code, log.json.complete], [4, false])
  assert.ok(existsSync(join(demo.folder, 'omission.json')), log.stdout)
  const verified = await demo.salus<Verified>(['verify', 'omission.json', '--genesis', demo.network.genesis])
  assert.deepEqual([verified.code, verified.json.valid, verified.json.claim.kind], [0, true, 'omission'])
}

async function erases(demo: Demo, lakeside: FhirClient, record: readonly Stored[]): Promise<void> {
  const { reference } = demo.patient(PATIENT)
  const traces = tracesOf(record.find(({ resourceType }) => resourceType === 'Patient') as Patient)
  assert.deepEqual(traces.filter(tracedIn(demo)), traces, 'search needs an index, so the traces are there before')
  const before = (await readLog(demo, PATIENT)).disclosures.length
  const erased = await demo.salus(['erase', '--as', 'riverside', '--patient', reference, '--reason', 'asked for'])
  assert.equal(erased.code, 0, erased.stdout)
  const staff = demo.own('riverside', 'clinician')
  for (const resource of [record[0], record[1], record.at(-1)] as readonly Stored[]) {
    const own = await staff.get(nameOf(resource))
    assert.ok([404, 410].includes(own.status), own.text)
    assert.equal((await lakeside.get(nameOf(resource))).status, 403)
  }
  assert.equal((await staff.found(`Observation?patient=${reference}`)).total, 0)
  assert.ok((await readLog(demo, PATIENT)).disclosures.length >= before, 'the patient still reads the log')
  const audit = await demo.salus(['ledger', 'audit'])
  assert.equal(audit.code, 0, audit.stdout)
  assert.deepEqual(traces.filter(tracedIn(demo)), [], 'while the node runs')
  assert.equal(await demo.stop(), 0)
  assert.deepEqual(traces.filter(tracedIn(demo)), [], 'after it ended')
}

/** Words of the Patient that nobody else in the demo has, in lower case as indexes hold them. */
function tracesOf({ name, identifier, telecom }: Patient): string[] {
  const words = [name?.[0]?.family, identifier?.[0]?.value, telecom?.find(({ system }) => system === 'email')?.value]
  return words.map((word) => (word as string).toLowerCase())
}

/** True for a word that stands in the clear, in any case, in a file of Riverside's node or of the ledger. */
function tracedIn(demo: Demo): (word: string) => boolean {
  const folders = [demo.state('members', 'riverside'), demo.state('ledger')]
  const paths = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const texts = paths.map((path) => readFileSync(path, 'latin1').toLowerCase())
  return (word) => texts.some((text) => text.includes(word))
}
